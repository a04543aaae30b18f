use std::sync::Arc;

use keyring_core::Error;
use keyring_core::api::CredentialStoreApi;
use zeroize::Zeroizing;

use crate::vault::store::{Store, StoreFault};

/// The name that the desktop's own keyring browser shows.
const SERVICE: &str = "hardstop";

/// The desktop's keyring: the Secret Service on Linux, the keychain on macOS. Each call connects anew, so that one
/// which hangs holds up no other, and a keyring that starts later is found.
pub(super) struct Native;

impl Store for Native {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, StoreFault> {
        let bytes = match entry(name)?.get_secret() {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(Error::NoEntry) => return Ok(None),
            Err(fault) => return Err(fault_of(fault)),
        };
        let text = str::from_utf8(&bytes).map_err(|_| StoreFault::Strange)?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn set(&self, name: &str, text: &str) -> Result<(), StoreFault> {
        entry(name)?.set_secret(text.as_bytes()).map_err(fault_of)
    }

    fn forget(&self, name: &str) -> Result<bool, StoreFault> {
        match entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(fault) => Err(fault_of(fault)),
        }
    }
}

fn entry(name: &str) -> Result<keyring_core::Entry, StoreFault> {
    let store: Arc<dyn CredentialStoreApi> = connected()?;
    store.build(SERVICE, name, None).map_err(fault_of)
}

#[cfg(target_os = "linux")]
fn connected() -> Result<Arc<dyn CredentialStoreApi>, StoreFault> {
    // Whatever goes wrong before there is a session with a keyring means that there is none.
    let store = zbus_secret_service_keyring_store::Store::new().map_err(|_| StoreFault::Absent)?;
    Ok(store)
}

#[cfg(target_os = "macos")]
fn connected() -> Result<Arc<dyn CredentialStoreApi>, StoreFault> {
    let store = apple_native_keyring_store::keychain::Store::new().map_err(|_| StoreFault::Absent)?;
    Ok(store)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn connected() -> Result<Arc<dyn CredentialStoreApi>, StoreFault> {
    Err(StoreFault::Absent)
}

/// A keyring's fault as ours. It is taken apart and never printed: two of its kinds carry the secret.
fn fault_of(fault: Error) -> StoreFault {
    match fault {
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => cause_of(cause.as_ref()),
        Error::Ambiguous(_) => StoreFault::Several,
        Error::BadEncoding(bytes) | Error::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            StoreFault::Strange
        }
        // What else there is speaks of names that are too long or of stores that cannot do this at all.
        _ => StoreFault::Absent,
    }
}

#[cfg(target_os = "linux")]
fn cause_of(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreFault {
    use secret_service::Error as Cause;

    match cause.downcast_ref::<Cause>() {
        Some(Cause::Locked | Cause::Prompt | Cause::PromptDisconnected) => StoreFault::Locked,
        Some(Cause::NoResult) => StoreFault::NeverInitialised,
        // The daemon's own name for it, which no type has.
        Some(Cause::Zbus(said)) if said.to_string().contains("Secret.Error.IsLocked") => StoreFault::Locked,
        _ => StoreFault::Absent,
    }
}

#[cfg(not(target_os = "linux"))]
fn cause_of(_cause: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreFault {
    // The keychain says no in one way for all: it is locked, or its owner was asked and refused.
    StoreFault::Locked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyrings_fault_loses_what_it_carries() {
        let secret = b"canary-secret".to_vec();
        let cause = || Box::new(std::io::Error::other("canary-secret"));
        for (fault, ours) in [
            (Error::BadEncoding(secret.clone()), StoreFault::Strange),
            (Error::BadDataFormat(secret, cause()), StoreFault::Strange),
            (Error::PlatformFailure(cause()), StoreFault::Absent),
            (Error::Ambiguous(Vec::new()), StoreFault::Several),
            (Error::Invalid("user".to_owned(), "canary-secret".to_owned()), StoreFault::Absent),
        ] {
            let ours_is = fault_of(fault);
            assert_eq!(ours_is, ours);
            assert!(!format!("{ours_is:?}").contains("canary"));
        }
    }
}
