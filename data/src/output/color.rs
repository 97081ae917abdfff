//! The colours that the outputters use, as Salt's escape sequences.

macro_rules! colors { ($($name:ident = $code:literal),* $(,)?) => {
    /// Escape sequences; all empty without colour.
    #[derive(Clone, Copy)]
    pub(super) struct Colors {
        $(pub(super) $name: &'static str,)*
    }

    impl Colors {
        pub(super) fn new(on: bool) -> Self {
            if on { Colors { $($name: concat!("\u{1b}[", $code),)* } } else { Colors { $($name: "",)* } }
        }
    }
} }

colors! {
    red = "0;31m",
    light_red = "0;1;31m",
    green = "0;32m",
    light_green = "0;1;32m",
    light_yellow = "0;1;33m",
    blue = "0;34m",
    light_blue = "0;1;34m",
    magenta = "0;35m",
    light_magenta = "0;1;35m",
    cyan = "0;36m",
    light_gray = "0;37m",
    white = "0;1;37m",
    dark_gray = "0;1;30m",
    end = "0;0m",
}
