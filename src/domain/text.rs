//! How the nouns are written into JSON: as text, so that no digit passes through a float.

/// Reads a type from JSON text by its `FromStr`.
macro_rules! read_as_text {
    ($kind:ty, $expected:expr) => {
        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $kind;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str($expected)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$kind, E> {
                        text.parse().map_err(|fault| E::custom(format!("{text:?}: {fault}")))
                    }
                }
                reader.deserialize_str(Text)
            }
        }
    };
}

/// Writes a type into JSON as its `Display` text and reads it by its `FromStr`.
macro_rules! written_as_text {
    ($kind:ty, $expected:expr) => {
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.collect_str(self)
            }
        }

        crate::domain::text::read_as_text!($kind, $expected);
    };
}

pub(crate) use read_as_text;
pub(crate) use written_as_text;
