//! Python's three ways to format: `'%s' % x`, `'{}'.format(x)`, and the specs behind the colon.

mod percent;
mod spec;
mod template;

pub(crate) use percent::percent;
pub(crate) use spec::format_value;
pub(crate) use template::str_format;
