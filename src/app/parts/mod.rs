//! Components that more than one view uses. They take data and give events.

mod editor;
mod icon;
mod marks;
mod objection;
mod progress;
mod virtual_list;

pub use editor::Editor;
pub use icon::{Icon, icon};
pub use marks::Mark;
pub use objection::{Said, objection};
pub use progress::{Progress, ProgressBar};
pub use virtual_list::VirtualList;
