use zeroize::Zeroizing;

/// A secret. It has no text of its own: it cannot be printed, compared, cloned or written down, and its memory
/// is wiped when it goes.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one place that hands it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A broker's pair of keys. The id is no secret, and yet is nobody's business either.
pub struct Keys {
    /// The key's id.
    pub id: Secret,
    /// The key itself.
    pub secret: Secret,
}
