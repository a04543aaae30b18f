use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::outside::blanked;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::wire::digits::scaled;

/// How much of an outside text an error quotes.
const QUOTED_CHARS: usize = 80;

/// What a venue said that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireFault {
    /// It is not the JSON that was expected.
    #[error("the venue's {what} is no JSON that can be read: {found}")]
    NoJson {
        /// What was being read.
        what: &'static str,
        /// How it began.
        found: String,
    },
    /// Without this field nothing can be done with it.
    #[error("the venue's {what} has no {field} that can be read: {found}")]
    Missing {
        /// What was being read.
        what: &'static str,
        /// The field.
        field: &'static str,
        /// What stands there.
        found: String,
    },
}

/// A JSON object, read field by field: a field that is missing, null or of another type is simply not there.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads one object.
    ///
    /// # Errors
    /// [`WireFault::NoJson`] for anything else.
    pub fn read(text: &'a str, what: &'static str) -> Result<Self, WireFault> {
        serde_json::from_str(text).map_err(|_| WireFault::NoJson { what, found: quoted(text) })
    }

    /// Reads a list of objects; entries that are none are left out.
    ///
    /// # Errors
    /// [`WireFault::NoJson`] for what is no list.
    pub fn read_list(text: &'a str, what: &'static str) -> Result<Vec<Self>, WireFault> {
        let raw: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|_| WireFault::NoJson { what, found: quoted(text) })?;
        Ok(objects_of(&raw))
    }

    fn raw(&self, name: &str) -> Option<&'a RawValue> {
        // Where a field comes twice, the last one counts, as for most readers of JSON.
        let found = self.0.iter().rev().find(|(field, _)| field == name)?;
        Some(found.1).filter(|raw| raw.get() != "null")
    }

    /// The names of all fields, with the text of what stands there.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), raw.get()))
    }

    /// Text; a number or a truth value as it is written.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        plain_text(self.raw(name)?)
    }

    /// A price, from text or number; finer than a billionth it is rounded half to even.
    pub fn price(&self, name: &str) -> Option<Price> {
        self.nanos(name).map(Price::from_nanos)
    }

    /// A quantity, from text or number, signed.
    pub fn qty(&self, name: &str) -> Option<Qty> {
        self.nanos(name).map(Qty::from_nanos)
    }

    /// Dollars, from text or number, signed.
    pub fn money(&self, name: &str) -> Option<Money> {
        scaled(&self.text(name)?, 18).map(Money::from_attos)
    }

    /// Billionths of whatever it is; `None` beyond nine digits before the point.
    pub fn nanos(&self, name: &str) -> Option<i64> {
        let nanos = scaled(&self.text(name)?, 9)?;
        i64::try_from(nanos).ok().filter(|nanos| nanos.unsigned_abs() < 1_000_000_000_000_000_000)
    }

    /// A whole number.
    pub fn whole(&self, name: &str) -> Option<i64> {
        i64::try_from(scaled(&self.text(name)?, 0)?).ok()
    }

    /// An instant with any fraction and offset; what is finer than a nanosecond is cut.
    pub fn at(&self, name: &str) -> Option<At> {
        instant(&self.text(name)?)
    }

    /// True or false, as such or as text.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        [true, false].into_iter().find(|flag| text.eq_ignore_ascii_case(if *flag { "true" } else { "false" }))
    }

    /// An object inside.
    pub fn object(&self, name: &str) -> Option<Self> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// The objects of a list inside; none where there is no list.
    pub fn list(&self, name: &str) -> Vec<Self> {
        let raw: Option<Vec<&RawValue>> = self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok());
        objects_of(&raw.unwrap_or_default())
    }

    /// The texts of a list inside; none where there is no list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let raw: Option<Vec<&RawValue>> = self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok());
        raw.unwrap_or_default().into_iter().filter_map(plain_text).map(Cow::into_owned).collect()
    }

    /// That a field must be there: what is missing says so with the text that stands in its place.
    ///
    /// # Errors
    /// [`WireFault::Missing`] where `value` is none.
    pub fn need<T>(&self, value: Option<T>, what: &'static str, field: &'static str) -> Result<T, WireFault> {
        value.ok_or_else(|| {
            let found = self.raw(field).map_or_else(|| "it is not there".to_owned(), |raw| quoted(raw.get()));
            WireFault::Missing { what, field, found }
        })
    }
}

fn objects_of<'a>(raw: &[&'a RawValue]) -> Vec<Fields<'a>> {
    raw.iter().filter_map(|entry| serde_json::from_str(entry.get()).ok()).collect()
}

fn plain_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' => {
            let inside = text.get(1..text.len().checked_sub(1)?)?;
            if inside.contains('\\') {
                return serde_json::from_str::<String>(text).ok().map(Cow::Owned);
            }
            Some(Cow::Borrowed(inside))
        }
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

/// An instant of RFC 3339; what is finer than a nanosecond is cut.
pub fn instant(text: &str) -> Option<At> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let point = text.find('.')?.checked_add(1)?;
    let (whole, rest) = text.split_at_checked(point)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = rest.get(..digits.min(9))?;
    format!("{whole}{fraction}{}", rest.get(digits..)?).parse().ok()
}

/// The beginning of an outside text, without what steers a terminal.
pub fn quoted(text: &str) -> String {
    let text = text.trim();
    let begins: String = text.chars().take(QUOTED_CHARS).collect();
    let mut shown = blanked(&begins).into_owned();
    if begins.len() < text.len() {
        shown.push('…');
    }
    shown
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((name, raw)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name.0, raw));
                }
                Ok(Fields(fields))
            }
        }
        reader.deserialize_map(Object)
    }
}

/// A field's name, borrowed where it is written plainly.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_field_is_read_in_whatever_form_it_comes() {
        let text = r#"{"a":"1.50","b":1.5,"c":"TRUE","d":false,"e":null,"f":{"g":[{"h":1},2]},"a\u0062":"\n","t":"2024-01-02T03:04:05.1234567891-05:00","b":2}"#;
        let fields = Fields::read(text, "test").unwrap();
        assert_eq!(fields.price("a"), Some("1.5".parse().unwrap()));
        assert_eq!(fields.qty("b"), Some(Qty::shares(2)), "the last of two counts");
        assert_eq!((fields.flag("c"), fields.flag("d"), fields.flag("a")), (Some(true), Some(false), None));
        assert_eq!((fields.text("e"), fields.text("f"), fields.text("zz")), (None, None, None));
        assert_eq!(fields.text("ab").as_deref(), Some("\n"));
        assert_eq!(fields.object("f").unwrap().list("g").len(), 1);
        assert_eq!(fields.at("t").unwrap().to_string(), "2024-01-02T08:04:05.123456789Z");
        let fault = fields.need(fields.at("b"), "test", "b").unwrap_err();
        assert_eq!(fault.to_string(), "the venue's test has no b that can be read: 2");
    }

    #[test]
    fn what_is_no_object_says_how_it_began() {
        let fault = Fields::read("<html>\r\n<b>502</b>", "order").unwrap_err();
        assert_eq!(fault.to_string(), "the venue's order is no JSON that can be read: <html>  <b>502</b>");
        assert_eq!(Fields::read_list("[1,{},null,{\"a\":1}]", "list").unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}", name in "[a-z]{0,3}") {
            for text in [text.clone(), format!("{{\"{name}\":{text}}}"), format!("{{\"{name}\":\"{text}\"}}")] {
                let Ok(fields) = Fields::read(&text, "test") else { continue };
                let _ = (fields.text(&name), fields.price(&name), fields.money(&name), fields.at(&name));
                let _ = (fields.flag(&name), fields.object(&name), fields.list(&name), fields.whole(&name));
            }
            let _ = instant(&text);
        }
    }
}
