use rmpv::Value as Packed;
use serde_json::Value;

use crate::wire::fields::instant;

/// The kind of packed value that is an instant.
const INSTANT: i8 = -1;

/// How a client of the data stream wants its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    MessagePack,
}

/// Packs a frame; text that is an instant becomes one.
pub(super) fn pack(frame: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    let _written = rmpv::encode::write_value(&mut bytes, &packed(None, frame));
    bytes
}

fn packed(name: Option<&str>, value: &Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(flag) => Packed::from(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Packed::from(whole),
            (None, Some(part)) => Packed::from(part),
            (None, None) => Packed::Nil,
        },
        Value::String(text) => match instant(text).filter(|_| name == Some("t")) {
            Some(at) => {
                let nanos = at.nanos().rem_euclid(1_000_000_000);
                let seconds = at.nanos().div_euclid(1_000_000_000);
                let nanos = u32::try_from(nanos).unwrap_or(0).to_be_bytes();
                Packed::Ext(INSTANT, [&nanos[..], &seconds.to_be_bytes()].concat())
            }
            None => Packed::from(text.as_str()),
        },
        Value::Array(list) => Packed::Array(list.iter().map(|entry| packed(None, entry)).collect()),
        Value::Object(fields) => {
            let pair =
                |(name, value): (&String, &Value)| (Packed::from(name.as_str()), packed(Some(name), value));
            Packed::Map(fields.iter().map(pair).collect())
        }
    }
}

/// Unpacks what a client said into JSON text.
pub(super) fn unpack(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let value = rmpv::decode::read_value(&mut rest).ok()?;
    Some(unpacked(&value).to_string())
}

fn unpacked(value: &Packed) -> Value {
    match value {
        Packed::Boolean(flag) => Value::from(*flag),
        Packed::Integer(number) => number.as_i64().map_or(Value::Null, Value::from),
        Packed::F32(number) => Value::from(*number),
        Packed::F64(number) => Value::from(*number),
        Packed::String(text) => Value::from(text.as_str().unwrap_or_default()),
        Packed::Array(list) => Value::Array(list.iter().map(unpacked).collect()),
        Packed::Map(pairs) => {
            let pair = |(name, value): &(Packed, Packed)| Some((name.as_str()?.to_owned(), unpacked(value)));
            Value::Object(pairs.iter().filter_map(pair).collect())
        }
        Packed::Nil | Packed::Binary(_) | Packed::Ext(..) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_packed_comes_back_but_for_instants_which_become_instants() {
        let frame = json!([{"T": "success", "msg": "connected", "n": -5, "p": 1.5, "x": null, "b": true}]);
        assert_eq!(unpack(&pack(&frame)).unwrap(), frame.to_string());
        let bar = pack(&json!({"t": "2026-11-24T15:00:00.5Z"}));
        let mut rest = &bar[..];
        let value = rmpv::decode::read_value(&mut rest).unwrap();
        let Packed::Map(pairs) = value else { panic!() };
        let Packed::Ext(INSTANT, bytes) = &pairs[0].1 else { panic!() };
        assert_eq!(bytes[..4], 500_000_000_u32.to_be_bytes());
        assert_eq!(bytes[4..], 1_795_532_400_i64.to_be_bytes());
        assert_eq!(unpack(&[0x92, 0x01]), None, "a list of two with one in it");
    }
}
