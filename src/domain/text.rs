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

/// Writes a type into JSON as its `Display` text and reads it by its `FromStr`. A third argument gives the same text
/// without a formatter, which for the nouns that fill rows and frames is a third of what writing them costs.
macro_rules! written_as_text {
    ($kind:ty, $expected:expr) => {
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.collect_str(self)
            }
        }

        crate::domain::text::read_as_text!($kind, $expected);
    };
    ($kind:ty, $expected:expr, $text:expr) => {
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                let text = $text(self);
                writer.serialize_str(text.as_ref())
            }
        }

        crate::domain::text::read_as_text!($kind, $expected);
    };
}

/// Orders two texts of the same fixed room, padded with zero bytes, as their bytes are ordered: eight bytes at a time,
/// where comparing them as slices is a call each. Ids and symbols are looked up several times an event.
#[inline]
pub(crate) fn padded_order<const ROOM: usize>(one: &[u8; ROOM], other: &[u8; ROOM]) -> std::cmp::Ordering {
    const { assert!(ROOM.is_multiple_of(8), "a room of whole words") }
    let (one, other) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
    one.iter().map(|word| u64::from_be_bytes(*word)).cmp(other.iter().map(|word| u64::from_be_bytes(*word)))
}

pub(crate) use read_as_text;
pub(crate) use written_as_text;
