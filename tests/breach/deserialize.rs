// E0277: an approved order read from bytes
use hardstop::risk::token::ApprovedOrder;

fn read<T: Readable>() {}

pub trait Readable {}
impl<T: for<'a> serde::Deserialize<'a>> Readable for T {}

pub fn forge() {
    read::<ApprovedOrder>();
}
