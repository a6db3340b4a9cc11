//! Reading files that commands are given by name.

use std::io;
use std::path::Path;

use ordain_loader::{DiskTree, Tree as _};

/// The bytes of a file, at most so many. What is no file, such as a pipe or a device, could be waited for for ever, and is refused.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    DiskTree::new(path).read("", most).map_err(|error| match error.kind() {
        // Its text is how many it has.
        io::ErrorKind::FileTooLarge => io::Error::other(format!("its {error} bytes are more than {most}")),
        _ => error,
    })
}
