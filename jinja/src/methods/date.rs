//! `datetime.date`, `datetime.datetime` and `datetime.timedelta`

use std::sync::Arc;

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};
use data::{DateTime, FixedOffsetKey};

use crate::val::{BinOp, CallArgs, Object, Val};
use crate::{Error, ErrorKind, Result};

pub(super) const METHODS: &[&str] = &[
    "astimezone",
    "ctime",
    "date",
    "dst",
    "isocalendar",
    "isoformat",
    "isoweekday",
    "replace",
    "strftime",
    "time",
    "timestamp",
    "timetuple",
    "toordinal",
    "tzname",
    "utcoffset",
    "utctimetuple",
    "weekday",
];

/// Methods that a date without a time does not have.
const TIME_ONLY: &[&str] =
    &["astimezone", "date", "dst", "time", "timestamp", "tzname", "utcoffset", "utctimetuple"];

pub(super) fn has(d: &DateTime, name: &str) -> bool {
    METHODS.contains(&name) && (time(d).is_some() || !TIME_ONLY.contains(&name))
}

/// A tuple whose parts have names: `struct_time`, `IsoCalendarDate`.
struct Named {
    class: &'static str,
    shown: &'static str,
    names: &'static [&'static str],
    parts: Vec<Val>,
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.class
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        let at = self.names.iter().position(|n| *n == name);
        Ok(at.and_then(|i| self.parts.get(i).cloned()))
    }
    fn get_item(&self, key: &Val) -> Result<Option<Val>> {
        let n = self.parts.len() as i64;
        let at = key.as_int().map(|i| if i < 0 { i + n } else { i }).and_then(|i| usize::try_from(i).ok());
        Ok(at.and_then(|i| self.parts.get(i).cloned()))
    }
    fn iterate(&self) -> Result<Option<Vec<Val>>> {
        Ok(Some(self.parts.clone()))
    }
    fn len(&self) -> Option<usize> {
        Some(self.parts.len())
    }
    fn to_string(&self) -> Result<String> {
        let parts: Vec<String> =
            self.names.iter().zip(&self.parts).map(|(n, v)| format!("{n}={v}")).collect();
        Ok(format!("{}({})", self.shown, parts.join(", ")))
    }
    fn to_value(&self) -> Option<data::Value> {
        Some(Val::tuple(self.parts.clone()).to_value())
    }
}

fn day(d: &DateTime) -> NaiveDate {
    match d {
        DateTime::Date(d) => *d,
        DateTime::Time(t, _) => t.date(),
    }
}

fn time(d: &DateTime) -> Option<&NaiveDateTime> {
    match d {
        DateTime::Date(_) => None,
        DateTime::Time(t, _) => Some(t),
    }
}

pub(super) fn attr(d: &DateTime, name: &str) -> Option<Val> {
    let date = day(d);
    Some(match (name, time(d)) {
        ("year", _) => Val::from(date.year()),
        ("month", _) => Val::Int(date.month().into()),
        ("day", _) => Val::Int(date.day().into()),
        ("hour", Some(t)) => Val::Int(t.hour().into()),
        ("minute", Some(t)) => Val::Int(t.minute().into()),
        ("second", Some(t)) => Val::Int(t.second().into()),
        ("microsecond", Some(t)) => Val::Int((t.nanosecond() / 1000).into()),
        ("fold", Some(_)) => Val::Int(0),
        ("tzinfo", Some(_)) => match d {
            DateTime::Time(_, Some(o)) => Val::from(zone_name(*o)),
            _ => Val::None,
        },
        ("min", None) => Val::from(DateTime::Date(NaiveDate::from_ymd_opt(1, 1, 1)?)),
        ("max", None) => Val::from(DateTime::Date(NaiveDate::from_ymd_opt(9999, 12, 31)?)),
        ("min", Some(_)) => {
            Val::from(DateTime::Time(NaiveDate::from_ymd_opt(1, 1, 1)?.and_hms_opt(0, 0, 0)?, None))
        }
        ("max", Some(_)) => Val::from(DateTime::Time(
            NaiveDate::from_ymd_opt(9999, 12, 31)?.and_hms_micro_opt(23, 59, 59, 999_999)?,
            None,
        )),
        ("resolution", None) => Val::Delta(86_400_000_000),
        ("resolution", Some(_)) => Val::Delta(1),
        _ => return None,
    })
}

pub(super) fn delta_attr(micros: i64, name: &str) -> Option<Val> {
    const DAY: i64 = 86_400_000_000;
    let rest = micros.rem_euclid(DAY);
    Some(Val::Int(match name {
        "days" => micros.div_euclid(DAY),
        "seconds" => rest / 1_000_000,
        "microseconds" => rest % 1_000_000,
        _ => return None,
    }))
}

pub(super) fn call(d: &Arc<DateTime>, name: &str, args: &mut CallArgs) -> Result<Val> {
    let date = day(d);
    match name {
        "strftime" => {
            let format = args.bind(name, ["format"], 1)?.str(0)?.unwrap_or_default();
            strftime(d, &format).map(Val::from)
        }
        "isoformat" => {
            let DateTime::Time(t, _) = &**d else {
                if args.args.is_empty() && args.kwargs.is_empty() {
                    return Ok(Val::from(d.to_string()));
                }
                return Err(Error::type_error(format!(
                    "date.isoformat() takes no arguments ({} given)",
                    args.args.len() + args.kwargs.len()
                )));
            };
            let mut b = args.bind(name, ["sep", "timespec"], 0)?;
            let sep = b.str(0)?.unwrap_or_else(|| "T".into());
            let spec = b.str(1)?.unwrap_or_else(|| "auto".into());
            let whole = d.to_string();
            // The offset is what comes after the time.
            let seconds = "YYYY-MM-DD HH:MM:SS".len();
            let fraction = if t.nanosecond() == 0 { 0 } else { 7 };
            let zone = whole.get(seconds + fraction..).unwrap_or("");
            let shown = match &*spec {
                "auto" => return Ok(Val::from(whole.replacen(' ', &sep, 1))),
                "hours" => t.format("%Y-%m-%d %H").to_string(),
                "minutes" => t.format("%Y-%m-%d %H:%M").to_string(),
                "seconds" => t.format("%Y-%m-%d %H:%M:%S").to_string(),
                "milliseconds" => t.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
                "microseconds" => t.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
                _ => return Err(Error::value_error("Unknown timespec value")),
            };
            Ok(Val::from(shown.replacen(' ', &sep, 1) + zone))
        }
        "ctime" => strftime(d, "%a %b %e %H:%M:%S %Y").map(Val::from),
        "weekday" => Ok(Val::Int(date.weekday().num_days_from_monday().into())),
        "isoweekday" => Ok(Val::Int(date.weekday().number_from_monday().into())),
        "isocalendar" => {
            let w = date.iso_week();
            Ok(Val::object(Named {
                class: "datetime.IsoCalendarDate",
                shown: "datetime.IsoCalendarDate",
                names: &["year", "week", "weekday"],
                parts: vec![
                    Val::from(w.year()),
                    Val::Int(w.week().into()),
                    Val::Int(date.weekday().number_from_monday().into()),
                ],
            }))
        }
        "toordinal" => Ok(Val::from(date.num_days_from_ce())),
        "date" => Ok(Val::from(DateTime::Date(date))),
        "time" => Ok(Val::from(time(d).map_or(String::new(), |t| {
            let form = if t.nanosecond() == 0 { "%H:%M:%S" } else { "%H:%M:%S%.6f" };
            t.time().format(form).to_string()
        }))),
        "utcoffset" => Ok(match &**d {
            DateTime::Time(_, Some(o)) => Val::Delta(i64::from(o.0) * 1_000_000),
            _ => Val::None,
        }),
        "tzname" => Ok(match &**d {
            DateTime::Time(_, Some(o)) => Val::from(zone_name(*o)),
            _ => Val::None,
        }),
        "dst" => Ok(Val::None),
        "astimezone" => Ok(Val::from(match &**d {
            DateTime::Time(t, Some(o)) => {
                let utc = *t - Duration::seconds(o.0.into());
                let local = chrono::Local.from_utc_datetime(&utc);
                let offset = local.offset().fix().local_minus_utc();
                DateTime::Time(local.naive_local(), Some(FixedOffsetKey(offset)))
            }
            DateTime::Time(t, None) => {
                let offset = chrono::Local.offset_from_local_datetime(t).earliest();
                DateTime::Time(*t, Some(FixedOffsetKey(offset.map_or(0, |o| o.fix().local_minus_utc()))))
            }
            DateTime::Date(d) => DateTime::Date(*d),
        })),
        "timestamp" => match &**d {
            DateTime::Time(t, offset) => {
                let offset = offset.map_or(0, |o| i64::from(o.0));
                Ok(Val::Float(t.and_utc().timestamp_micros() as f64 / 1e6 - offset as f64))
            }
            DateTime::Date(_) => Err(super::no_method(&Val::DateTime(d.clone()), name)),
        },
        "timetuple" | "utctimetuple" => {
            let part = |f: fn(&NaiveDateTime) -> u32| Val::Int(time(d).map_or(0, f).into());
            let parts = vec![
                Val::from(date.year()),
                Val::Int(date.month().into()),
                Val::Int(date.day().into()),
                part(Timelike::hour),
                part(Timelike::minute),
                part(Timelike::second),
                Val::Int(date.weekday().num_days_from_monday().into()),
                Val::Int(date.ordinal().into()),
                Val::Int(if name == "timetuple" { -1 } else { 0 }),
            ];
            Ok(Val::object(Named {
                class: "time.struct_time",
                shown: "time.struct_time",
                names: &[
                    "tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday",
                    "tm_isdst",
                ],
                parts,
            }))
        }
        _ => replace(d, args),
    }
}

fn replace(d: &DateTime, args: &mut CallArgs) -> Result<Val> {
    let mut b =
        args.bind("replace", ["year", "month", "day", "hour", "minute", "second", "microsecond"], 0)?;
    let date = day(d);
    let mut part = |i: usize, now: u32| -> Result<u32> {
        u32::try_from(b.int(i, now.into())?).map_err(|_| Error::value_error("value is out of range"))
    };
    let year = i32::try_from(part(0, u32::try_from(date.year()).unwrap_or(1))?).unwrap_or(i32::MAX);
    let (month, day) = (part(1, date.month())?, part(2, date.day())?);
    if !(1..=9999).contains(&year) {
        return Err(Error::value_error(format!("year {year} is out of range")));
    }
    if !(1..=12).contains(&month) {
        return Err(Error::value_error("month must be in 1..12"));
    }
    let new = NaiveDate::from_ymd_opt(year, month, day)
        .ok_or_else(|| Error::value_error("day is out of range for month"))?;
    Ok(Val::from(match d {
        DateTime::Date(_) => DateTime::Date(new),
        DateTime::Time(t, offset) => {
            let (h, m, s) = (part(3, t.hour())?, part(4, t.minute())?, part(5, t.second())?);
            let us = part(6, t.nanosecond() / 1000)?;
            for (value, max, what) in [
                (h, 23, "hour must be in 0..23"),
                (m, 59, "minute must be in 0..59"),
                (s, 59, "second must be in 0..59"),
                (us, 999_999, "microsecond must be in 0..999999"),
            ] {
                if value > max {
                    return Err(Error::value_error(what));
                }
            }
            let new = new
                .and_hms_micro_opt(h, m, s, us)
                .ok_or_else(|| Error::value_error("hour must be in 0..23"))?;
            DateTime::Time(new, *offset)
        }
    }))
}

/// C's `strftime` as Python exposes it; directives that it does not know stay as they are.
pub(crate) fn strftime(d: &DateTime, format: &str) -> Result<String> {
    use std::fmt::Write;
    let naive = match d {
        DateTime::Date(d) => d.and_time(chrono::NaiveTime::MIN),
        DateTime::Time(t, _) => *t,
    };
    let offset = match d {
        DateTime::Time(_, o) => *o,
        DateTime::Date(_) => None,
    };
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(mut code) = chars.next() else {
            out.push('%');
            break;
        };
        let no_padding = code == '-';
        if no_padding {
            code = chars.next().unwrap_or('-');
        }
        let item = match code {
            '%' => "%".to_owned(),
            'f' => format!("{:06}", naive.nanosecond() / 1000),
            'z' => offset.map_or(String::new(), offset_text),
            'Z' => offset.map_or(String::new(), zone_name),
            'Y' => naive.year().to_string(),
            'c' => naive.format("%a %b %e %H:%M:%S %Y").to_string(),
            'x' => naive.format("%m/%d/%y").to_string(),
            'X' => naive.format("%H:%M:%S").to_string(),
            's' => naive.and_utc().timestamp().to_string(),
            'a' | 'A' | 'b' | 'B' | 'd' | 'e' | 'H' | 'I' | 'j' | 'm' | 'M' | 'p' | 'S' | 'U' | 'u' | 'w'
            | 'W' | 'y' | 'G' | 'g' | 'V' | 'D' | 'F' | 'T' | 'R' | 'r' | 'h' | 'C' | 'k' | 'l' | 'n'
            | 't' => {
                let dash = if no_padding { "-" } else { "" };
                let mut text = String::new();
                // Every code in the list is one that the formatter knows.
                let _ = write!(text, "{}", naive.format(&format!("%{dash}{code}")));
                text
            }
            other => format!("%{other}"),
        };
        out.push_str(&item);
    }
    Ok(out)
}

/// Python's name of a fixed offset.
fn zone_name(FixedOffsetKey(s): FixedOffsetKey) -> String {
    if s == 0 {
        return "UTC".into();
    }
    let (sign, s) = if s < 0 { ('-', -s) } else { ('+', s) };
    format!("UTC{sign}{:02}:{:02}", s / 3600, s % 3600 / 60)
}

fn offset_text(FixedOffsetKey(s): FixedOffsetKey) -> String {
    let (sign, s) = if s < 0 { ('-', -s) } else { ('+', s) };
    format!("{sign}{:02}{:02}", s / 3600, s % 3600 / 60)
}

/// Sums and differences with dates and time deltas; none when the operands have no such operator.
pub(crate) fn arithmetic(op: BinOp, a: &Val, b: &Val) -> Option<Result<Val>> {
    let overflow = || Error::new(ErrorKind::Overflow, "date value out of range");
    let delta = |d: Option<i64>| d.map(Val::Delta).ok_or_else(overflow);
    Some(match (op, a, b) {
        (BinOp::Add, Val::Delta(x), Val::Delta(y)) => delta(x.checked_add(*y)),
        (BinOp::Sub, Val::Delta(x), Val::Delta(y)) => delta(x.checked_sub(*y)),
        (BinOp::Mul, Val::Delta(x), y) | (BinOp::Mul, y, Val::Delta(x)) => match y {
            Val::Float(f) => Ok(Val::Delta((*x as f64 * f).round() as i64)),
            _ => delta(x.checked_mul(y.as_int()?)),
        },
        (BinOp::Div, Val::Delta(_), Val::Delta(0)) => {
            Err(Error::new(ErrorKind::ZeroDivision, "division by zero"))
        }
        (BinOp::Div, Val::Delta(x), Val::Delta(y)) => Ok(Val::Float(*x as f64 / *y as f64)),
        (BinOp::FloorDiv, Val::Delta(x), Val::Delta(y)) if *y != 0 => Ok(Val::Int(x.div_euclid(*y))),
        (BinOp::Add, Val::DateTime(d), Val::Delta(x)) | (BinOp::Add, Val::Delta(x), Val::DateTime(d)) => {
            shift(d, *x)
        }
        (BinOp::Sub, Val::DateTime(d), Val::Delta(x)) => shift(d, x.checked_neg()?),
        (BinOp::Sub, Val::DateTime(x), Val::DateTime(y)) => match (&**x, &**y) {
            (DateTime::Date(p), DateTime::Date(q)) => delta((*p - *q).num_microseconds()),
            (DateTime::Time(p, o), DateTime::Time(q, r)) if o.is_some() == r.is_some() => {
                let secs = |o: &Option<FixedOffsetKey>| i64::from(o.map_or(0, |o| o.0));
                let shift = (secs(r) - secs(o)) * 1_000_000;
                delta((*p - *q).num_microseconds().and_then(|d| d.checked_add(shift)))
            }
            (DateTime::Time(..), DateTime::Time(..)) => {
                Err(Error::type_error("can't subtract offset-naive and offset-aware datetimes"))
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn shift(d: &DateTime, micros: i64) -> Result<Val> {
    let overflow = || Error::new(ErrorKind::Overflow, "date value out of range");
    let by = Duration::microseconds(micros);
    Ok(Val::from(match d {
        DateTime::Date(d) => {
            let days = Duration::days(micros.div_euclid(86_400_000_000));
            DateTime::Date(d.checked_add_signed(days).ok_or_else(overflow)?)
        }
        DateTime::Time(t, o) => DateTime::Time(t.checked_add_signed(by).ok_or_else(overflow)?, *o),
    }))
}
