//! Setting aside what can't be trusted, so that it can be looked at, and making room of it again.

use super::shelf::{Shelf, ShelfError};
use super::{HEAD, JOURNAL, SEGMENT, rows};

/// What begins the names of what was set aside.
const ASIDE: &str = "airlock.aside.";
/// What all names of a page begin with.
pub(super) const OURS: &str = "airlock.";

/// Moves everything that is stored of a log out of the way, under names of its own. Gives how many texts were moved.
///
/// # Errors
/// Where one can't be moved: it stays where it was, and so do those after it.
pub fn set_aside(shelf: &mut impl Shelf) -> Result<usize, ShelfError> {
    let mut names = Vec::new();
    for part in [JOURNAL, SEGMENT, rows::NAME, HEAD] {
        names.extend(shelf.names(part)?);
    }
    set_names_aside(shelf, &names)
}

/// The same for texts of these names; one that is not there is left out.
pub(super) fn set_names_aside(shelf: &mut impl Shelf, names: &[String]) -> Result<usize, ShelfError> {
    let taken = shelf.names(ASIDE)?;
    let beginning = |n: u32| [ASIDE, &n.to_string(), "."].concat();
    let free = (1..).find(|n| !taken.iter().any(|name| name.starts_with(&beginning(*n))));
    let aside = beginning(free.unwrap_or(u32::MAX));
    let mut moved = 0_usize;
    for name in names {
        let Some(text) = shelf.get(name)? else { continue };
        let to = [aside.as_str(), name.strip_prefix(OURS).unwrap_or(name)].concat();
        match shelf.set(&to, &text) {
            Ok(()) => shelf.remove(name)?,
            Err(ShelfError::Full) => {
                // Both at once do not fit. The text is safe in memory meanwhile.
                shelf.remove(name)?;
                if let Err(error) = shelf.set(&to, &text) {
                    let _ = shelf.set(name, &text);
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        moved = moved.saturating_add(1);
    }
    Ok(moved)
}

/// The names of what was set aside.
///
/// # Errors
/// Where the shelf can't be read.
pub fn aside(shelf: &impl Shelf) -> Result<Vec<String>, ShelfError> {
    shelf.names(ASIDE)
}

/// What was set aside, as it was found: name and text.
///
/// # Errors
/// Where the shelf can't be read.
pub fn aside_texts(shelf: &impl Shelf) -> Result<Vec<(String, String)>, ShelfError> {
    let mut texts = Vec::new();
    for name in shelf.names(ASIDE)? {
        if let Some(text) = shelf.get(&name)? {
            texts.push((name, text));
        }
    }
    Ok(texts)
}

/// Removes what was set aside, for good.
///
/// # Errors
/// Where something can't be removed.
pub fn drop_aside(shelf: &mut impl Shelf) -> Result<(), ShelfError> {
    for name in shelf.names(ASIDE)? {
        shelf.remove(&name)?;
    }
    Ok(())
}

/// Removes everything that a page keeps, for good, whatever it is. The head goes first: whoever looks then sees that the
/// log is gone, and not a part of it.
///
/// # Errors
/// Where something can't be removed: what comes after it is still there.
pub fn wipe(shelf: &mut impl Shelf) -> Result<(), ShelfError> {
    shelf.remove(HEAD)?;
    for name in shelf.names(OURS)? {
        shelf.remove(&name)?;
    }
    Ok(())
}
