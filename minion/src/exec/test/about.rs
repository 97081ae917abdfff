//! What this program is made of, and whether calls reach it every way there is.

use data::{Dict, Value};

use crate::Ctx;
use crate::exec::plain::{Given, functions};
use crate::exec::{self, ExecError};
use crate::external::Site;
use crate::hash;

functions! {
    /// Call `grains.items` from inside. `rsalt '*' test.attr_call`
    "test.attr_call"("") = |_, ctx| ctx.call("grains.items", Vec::new(), Dict::new());
    /// Call a function from inside, with a list of arguments. `rsalt '*' test.cross_test test.echo '[hi]'`
    "test.cross_test"("func, args=None") = |given, ctx| {
        let args = given.arg("args").as_list().map(<[Value]>::to_vec).unwrap_or_default();
        ctx.call(&given.text("func"), args, Dict::new())
    };
    /// Return the option `test.foo` of the config. `rsalt '*' test.conf_test`
    "test.conf_test"("") = |_, ctx| ctx.call("config.option", vec!["test.foo".into()], Dict::new());
    /// Return the configuration with the grains in it. `rsalt '*' test.opts_pkg`
    "test.opts_pkg"("") = |_, ctx| {
        let mut opts = ctx.opts();
        if let Some(dict) = opts.as_dict_mut() {
            dict.insert("grains", ctx.grains());
        }
        Ok(opts)
    };
    /// List modules and functions, each as a template can name them. `rsalt '*' test.module_report`
    "test.module_report"("") = |_, ctx| Ok(module_report(ctx).into());
    /// Name the file of Salt that a module is here. `rsalt '*' test.provider service`
    "test.provider"("module") = |given, ctx| Ok(provider(ctx, &given.text("module")).into());
    /// Map the files of Salt that the modules are here to these modules. `rsalt '*' test.providers`
    "test.providers"("") = |_, ctx| {
        let site = ctx.caller().site();
        let modules = modules(&site).into_iter();
        Ok(modules.map(|m| (Value::from(provider(ctx, m)), Value::from(m))).collect::<Dict>().into())
    };
    /// Return the versions of what is in here, by group. `rsalt '*' test.versions_information`
    "test.versions_information"("") = |_, ctx| {
        let mut out = Dict::new();
        for (group, versions) in versions(ctx) {
            out.insert(group, versions.into_iter().collect::<Dict>());
        }
        Ok(out.into())
    };
    /// Return the versions of what is in here as a text. `rsalt '*' test.versions_report`
    "test.versions_report"("") = |_, ctx| Ok(versions_report(ctx).into());
    /// Return the versions of what is in here as a text. `rsalt '*' test.versions`
    "test.versions"("") = |_, ctx| Ok(versions_report(ctx).into());
    /// Return the hash of a random number below `size`; `hash_type` as in the config when it is not given.
    /// `rsalt '*' test.random_hash hash_type=sha512`
    "test.random_hash"("size=9999999999, hash_type=None") = |given, ctx| random_hash(&given, ctx);
    /// An older name of `test.random_hash`. `rsalt '*' test.rand_str`
    "test.rand_str"("size=9999999999, hash_type=None") = |given, ctx| random_hash(&given, ctx);
    /// Return which call this is: there is no stack of Python to show. `rsalt '*' test.stack`
    "test.stack"("") = |_, ctx| Ok(format!("{} in job {}\n", ctx.job().fun, ctx.job().jid).into());
    /// Say where it went: `cmd.tty`. `rsalt '*' test.tty`
    "test.tty"("*args, **kwargs") = |_, _| Ok("ERROR: This function has been moved to cmd.tty".into());
    /// Return `True` and log two warnings about things that will go away. `rsalt '*' test.deprecation_warning`
    "test.deprecation_warning"("") = |_, _| {
        tracing::warn!("This is a test deprecation warning by version.");
        tracing::warn!("This is a test deprecation warning by date very far into the future (3000-01-01).");
        Ok(true.into())
    };
}

/// The names of the modules, each once.
fn modules(site: &Site) -> Vec<&str> {
    let mut names: Vec<_> = exec::every(site).map(|e| e.module()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn module_report(ctx: &Ctx<'_>) -> Dict {
    let site = ctx.caller().site();
    let functions =
        || exec::starting_with("", &site).into_iter().map(|e| Value::from(e.fun)).collect::<Vec<_>>();
    let modules = || modules(&site).into_iter().map(Value::from).collect::<Vec<_>>();
    Dict::new()
        .with("functions", functions())
        .with("function_attrs", functions())
        .with("function_subs", functions())
        .with("modules", modules())
        .with("module_attrs", modules())
        .with("missing_attrs", Value::list())
        .with("missing_subs", Value::list())
}

/// Salt's file for a module, where it is called something else.
fn provider(ctx: &Ctx<'_>, module: &str) -> String {
    if exec::starting_with(&format!("{module}."), &ctx.caller().site()).is_empty() {
        return String::new();
    }
    let family = ctx.grain_str("os_family");
    let file = match (module, family.as_str()) {
        ("cmd", _) => "cmdmod",
        ("config" | "pip" | "state" | "test", _) => module,
        ("pkg", "Debian") => "aptpkg",
        ("pkg", "RedHat") => "yumpkg",
        ("pkg", "Alpine") => "apkpkg",
        ("service", _) if ctx.grain_str("init") == "systemd" => "systemd_service",
        ("service", "Debian") => "debian_service",
        ("service", "Alpine") => "gentoo_service",
        ("service", _) => "rh_service",
        ("user", _) => "useradd",
        ("group", _) => "groupadd",
        ("shadow", _) => "linux_shadow",
        ("sys", _) => "sysmod",
        ("event" | "environ" | "defaults" | "slsutil", _) => module,
        ("virtualenv", _) => "virtualenv_mod",
        _ => module,
    };
    file.to_owned()
}

/// Groups of names and versions.
fn versions(ctx: &Ctx<'_>) -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let grain = |name: &str| ctx.grain(name).unwrap_or_default();
    let release = format!("{} {}", ctx.grain_str("osrelease"), ctx.grain_str("oscodename"));
    vec![
        ("Salt Version", vec![("Salt", grain("saltversion"))]),
        ("Dependency Versions", vec![("rsalt", crate::VERSION.into())]),
        (
            "System Versions",
            vec![
                ("dist", format!("{} {}", ctx.grain_str("os").to_lowercase(), release.trim()).into()),
                ("locale", grain("locale_info").get("defaultencoding").cloned().unwrap_or_default()),
                ("machine", grain("cpuarch")),
                ("release", grain("kernelrelease")),
                ("system", grain("kernel")),
                ("version", format!("{} {}", ctx.grain_str("osfullname"), release.trim()).into()),
            ],
        ),
    ]
}

fn versions_report(ctx: &Ctx<'_>) -> String {
    let groups = versions(ctx);
    let width = groups.iter().flat_map(|(_, versions)| versions).map(|(name, _)| name.len()).max();
    let mut out = String::new();
    for (group, versions) in &groups {
        out.push_str(&format!("{group}:\n"));
        for (name, version) in versions {
            out.push_str(&format!("{name:>width$}: {version}\n", width = width.unwrap_or(0) + 8));
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

fn random_hash(given: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let size = match given.arg("size") {
        Value::None => 9_999_999_999,
        size => u64::try_from(size.as_int().unwrap_or(0)).unwrap_or(0),
    };
    if size == 0 {
        return Err(ExecError::raised("ValueError", "size must be an int that is greater than 0"));
    }
    let configured = || ctx.opt("hash_type").filter(Value::is_true).map(|v| v.to_string());
    let name = given.some_text("hash_type").filter(|n| !n.is_empty()).or_else(configured);
    let name = name.unwrap_or_else(|| "sha256".to_owned());
    let bad = || ExecError::invocation(format!("Invalid hash type: {name}"));
    let kind = hash::Kind::from_name(&name).ok_or_else(bad)?;
    // The state of a hasher that the standard library seeds anew each time: random, and nobody's secret.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ctx.host.now());
    Ok(hash::hex(kind, (random % size).to_string().as_bytes()).into())
}
