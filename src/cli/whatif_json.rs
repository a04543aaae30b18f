use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// More keys than any object of the contract has; a longer one is refused before it costs time.
const KEYS_MAX: usize = 64;

/// The line does not say what the contract asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A JSON value that still knows what was written: no digit of a number passes through a float.
#[derive(Debug)]
pub(super) enum Json<'line> {
    Null,
    /// A whole number from zero on, written without a point or an exponent.
    Whole(u64),
    Text(Cow<'line, str>),
    List(Vec<Json<'line>>),
    Object(Fields<'line>),
    /// A boolean or another number: nothing that the contract ever asks for.
    Other,
}

/// The fields of an object; each is taken out once, and none may be left.
#[derive(Debug)]
pub(super) struct Fields<'line> {
    entries: Vec<(Cow<'line, str>, Json<'line>)>,
}

impl<'line> Fields<'line> {
    /// The field, if it is there and not null.
    pub(super) fn take(&mut self, key: &str) -> Option<Json<'line>> {
        let place = self.entries.iter().position(|(known, _)| known == key)?;
        match self.entries.swap_remove(place).1 {
            Json::Null => None,
            value => Some(value),
        }
    }

    /// The field, which must be there.
    pub(super) fn need(&mut self, key: &str) -> Result<Json<'line>, Malformed> {
        self.take(key).ok_or(Malformed)
    }

    /// No field is left: an unknown one would be a wish that nobody grants.
    pub(super) fn done(self) -> Result<(), Malformed> {
        if self.entries.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

impl<'line> Json<'line> {
    pub(super) fn object(self) -> Result<Fields<'line>, Malformed> {
        if let Self::Object(fields) = self { Ok(fields) } else { Err(Malformed) }
    }

    pub(super) fn list(self) -> Result<Vec<Self>, Malformed> {
        if let Self::List(items) = self { Ok(items) } else { Err(Malformed) }
    }

    pub(super) fn text(self) -> Result<Cow<'line, str>, Malformed> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Malformed) }
    }

    pub(super) fn whole(&self) -> Result<u64, Malformed> {
        if let Self::Whole(number) = self { Ok(*number) } else { Err(Malformed) }
    }
}

impl<'de: 'line, 'line> Deserialize<'de> for Json<'line> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(AsWritten)
    }
}

struct AsWritten;

impl<'de> Visitor<'de> for AsWritten {
    type Value = Json<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        // The reader tells a written -0, which the contract takes as 0, only in this way.
        let minus_zero = number == 0.0 && number.is_sign_negative();
        Ok(if minus_zero { Json::Whole(0) } else { Json::Other })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        while let Some(key) = map.next_key::<Json<'de>>()? {
            let Json::Text(key) = key else {
                return Err(A::Error::custom("a key is text"));
            };
            if entries.len() == KEYS_MAX || entries.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom("a key twice, or too many"));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Json::Object(Fields { entries }))
    }
}
