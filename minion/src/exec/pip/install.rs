//! `pip install` as a command line.

use std::path::Path;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::Pip;
use crate::Ctx;
use crate::args;
use crate::exec::ExecError;
use crate::host::Output;

args! {
    /// Install Python packages: `pip.install 'Django>=4,<5' bin_env=/srv/app/venv`.
    ///
    /// pkgs: a list, or text with commas. requirements: files, also `salt://` ones. bin_env: a virtual environment,
    /// a Python or a pip. index_url, extra_index_url, trusted_host, find_links, no_index: where from. upgrade,
    /// force_reinstall, ignore_installed, no_deps, pre_releases, editable, target, no_binary, no_cache_dir,
    /// cache_dir, log, proxy, timeout, cert, exists_action, source, build, global_options, install_options,
    /// break_system_packages: as pip has them. extra_args: further ones. user, cwd, env_vars: as whom, where,
    /// with which variables. Returns what `cmd.run_all` does.
    #[derive(Clone, Default)]
    pub struct Install {
        #[serde(default)]
        pub(crate) pkgs: Value,
        #[serde(default)]
        pub(crate) requirements: Value,
        #[serde(default)]
        pub(crate) bin_env: Option<String>,
        #[serde(default)]
        pub(crate) log: Option<String>,
        #[serde(default)]
        pub(crate) proxy: Value,
        #[serde(default)]
        pub(crate) timeout: Option<u64>,
        #[serde(default)]
        pub(crate) editable: OneOrMany<String>,
        #[serde(default)]
        pub(crate) find_links: OneOrMany<String>,
        #[serde(default)]
        pub(crate) index_url: Option<String>,
        #[serde(default)]
        pub(crate) extra_index_url: Option<String>,
        #[serde(default)]
        pub(crate) no_index: Flag,
        #[serde(default)]
        pub(crate) build: Option<String>,
        #[serde(default)]
        pub(crate) target: Option<String>,
        #[serde(default)]
        pub(crate) source: Option<String>,
        #[serde(default)]
        pub(crate) upgrade: Flag,
        #[serde(default)]
        pub(crate) force_reinstall: Flag,
        #[serde(default)]
        pub(crate) ignore_installed: Flag,
        #[serde(default)]
        pub(crate) exists_action: Option<String>,
        #[serde(default)]
        pub(crate) no_deps: Flag,
        #[serde(default)]
        pub(crate) install_options: OneOrMany<String>,
        #[serde(default)]
        pub(crate) global_options: OneOrMany<String>,
        #[serde(default)]
        pub(crate) user: Option<String>,
        #[serde(default)]
        pub(crate) cwd: Option<String>,
        #[serde(default)]
        pub(crate) pre_releases: Flag,
        #[serde(default)]
        pub(crate) cert: Option<String>,
        #[serde(default)]
        pub(crate) env_vars: Option<Dict>,
        #[serde(default)]
        pub(crate) trusted_host: OneOrMany<String>,
        #[serde(default)]
        pub(crate) no_cache_dir: Flag,
        #[serde(default)]
        pub(crate) cache_dir: Option<String>,
        #[serde(default)]
        pub(crate) no_binary: OneOrMany<String>,
        #[serde(default)]
        pub(crate) extra_args: Value,
        #[serde(default)]
        pub(crate) break_system_packages: Flag,
        #[serde(default)]
        pub(crate) disable_version_check: Flag,
    }
}

/// Text with commas, or a list.
pub(super) fn items(value: &Value) -> Vec<String> {
    match value {
        Value::None => Vec::new(),
        Value::List(list) => list.iter().map(ToString::to_string).collect(),
        other => {
            other.to_string().split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
        }
    }
}

fn has_protocol(url: &str) -> bool {
    ["http://", "https://", "ftp://", "file://"].iter().any(|p| url.starts_with(p))
}

/// What cannot be a package, for pip would take it for an option.
fn refuse_option(word: &str) -> Result<(), ExecError> {
    match word.starts_with('-') {
        true => Err(ExecError::command(format!("'{word}' is not a package; options belong into extra_args"))),
        false => Ok(()),
    }
}

/// `extra_args`: words, or dicts of an option and its value.
pub(super) fn extra(value: &Value) -> Result<Vec<String>, ExecError> {
    let mut out = Vec::new();
    for item in value.as_list().unwrap_or_default() {
        match item {
            Value::Dict(pairs) => {
                for (option, value) in pairs.iter() {
                    if matches!(value, Value::Dict(_) | Value::List(_)) {
                        return Err(ExecError::raised("TypeError", format!("Too many levels in: {option}")));
                    }
                    out.extend([option.to_string(), value.to_string()]);
                }
            }
            word => out.push(word.to_string()),
        }
    }
    Ok(out)
}

impl Install {
    /// pip as these arguments name it.
    pub fn pip(&self, ctx: &Ctx<'_>) -> Result<Pip, ExecError> {
        let env = self.env_vars.clone().unwrap_or_default();
        Pip::find(ctx, self.bin_env.as_deref(), self.user.as_deref(), self.cwd.as_deref(), &env)
    }

    /// Where packages come from, for other commands too.
    pub fn index(&self) -> Result<Vec<String>, ExecError> {
        let mut out = Vec::new();
        for (option, url) in [("--index-url", &self.index_url), ("--extra-index-url", &self.extra_index_url)]
        {
            let Some(url) = url.as_ref().filter(|u| !u.is_empty()) else { continue };
            if !has_protocol(url) {
                return Err(ExecError::command(format!("'{url}' is not a valid URL")));
            }
            out.extend([option.to_owned(), url.clone()]);
        }
        Ok(out)
    }

    /// Installs. None: there is nothing to install.
    pub fn run(&self, ctx: &Ctx<'_>) -> Result<Option<Output>, ExecError> {
        let (requirements, temporary) = self.requirement_files(ctx)?;
        let done = self.line(ctx, &requirements).and_then(|line| match line {
            None => Ok(None),
            Some(line) => self.pip(ctx)?.run(ctx, &line).map(Some),
        });
        for path in temporary {
            let _ = ctx.host.remove_file(Path::new(&path));
        }
        done
    }

    /// The command line; none when it would install nothing.
    fn line(&self, ctx: &Ctx<'_>, requirements: &[String]) -> Result<Option<Vec<String>>, ExecError> {
        let pkgs = items(&self.pkgs);
        if pkgs.is_empty() && requirements.is_empty() && self.editable.is_empty() {
            return Ok(None);
        }
        let mut line = vec!["install".to_owned()];
        let mut pair = |option: &str, value: &str| line.extend([option.to_owned(), value.to_owned()]);
        requirements.iter().for_each(|r| pair("--requirement", r));
        if !self.no_binary.is_empty() {
            pair("--no-binary", &self.no_binary.join(","));
        }
        if let Some(log) = self.log.as_deref().filter(|l| !l.is_empty()) {
            if ctx.host.is_dir(Path::new(log)) {
                return Err(ExecError::raised(
                    "OSError",
                    format!("'{log}' is a directory. Use --log path_to_file"),
                ));
            }
            pair("--log", log);
        }
        if self.proxy.is_true() {
            pair("--proxy", &self.proxy.to_string());
        }
        if let Some(timeout) = self.timeout.filter(|t| *t > 0) {
            pair("--timeout", &timeout.to_string());
        }
        for link in self.find_links.iter().flat_map(|l| l.split(',')).map(str::trim) {
            if !has_protocol(link) && !ctx.host.exists(Path::new(link)) {
                return Err(ExecError::command(format!("'{link}' is not a valid URL or path")));
            }
            pair("--find-links", link);
        }
        let index = self.index()?;
        if self.no_index.0 && !index.is_empty() {
            return Err(ExecError::command(
                "'no_index' and ('index_url' or 'extra_index_url') are mutually exclusive.",
            ));
        }
        line.extend(index);
        line.extend(self.options()?);
        for pkg in &pkgs {
            refuse_option(pkg)?;
            // A comma inside a requirement is written as a semicolon where a comma separates packages.
            line.push(pkg.replace(';', ","));
        }
        for entry in self.editable.iter().flat_map(|e| e.split(',')).map(str::trim) {
            let is_path = entry == "." || entry.starts_with('/') || entry.starts_with("file://");
            if !is_path && !entry.contains("egg=") {
                return Err(ExecError::command("You must specify an egg for this editable"));
            }
            line.extend(["--editable".to_owned(), entry.to_owned()]);
        }
        for host in self.trusted_host.iter().flat_map(|h| h.split(',')).map(str::trim) {
            line.extend(["--trusted-host".to_owned(), host.to_owned()]);
        }
        line.extend(extra(&self.extra_args)?);
        Ok(Some(line))
    }

    fn options(&self) -> Result<Vec<String>, ExecError> {
        let mut out = Vec::new();
        let set = |out: &mut Vec<String>, on: bool, option: &str| {
            if on {
                out.push(option.to_owned());
            }
        };
        let pair = |out: &mut Vec<String>, option: &str, value: &Option<String>| {
            if let Some(value) = value.as_ref().filter(|v| !v.is_empty()) {
                out.extend([option.to_owned(), value.clone()]);
            }
        };
        set(&mut out, self.no_index.0, "--no-index");
        set(&mut out, self.disable_version_check.0, "--disable-pip-version-check");
        pair(&mut out, "--build", &self.build);
        pair(&mut out, "--target", &self.target);
        pair(&mut out, "--cache-dir", &self.cache_dir);
        pair(&mut out, "--source", &self.source);
        set(&mut out, self.upgrade.0, "--upgrade");
        set(&mut out, self.force_reinstall.0, "--force-reinstall");
        set(&mut out, self.ignore_installed.0, "--ignore-installed");
        if let Some(action) = self.exists_action.as_deref().filter(|a| !a.is_empty()) {
            if !matches!(action.to_ascii_lowercase().as_str(), "s" | "i" | "w" | "b") {
                return Err(ExecError::command(format!(
                    "The exists_action pip option only supports the values s, i, w, and b. '{action}' is not valid."
                )));
            }
            out.extend(["--exists-action".to_owned(), action.to_owned()]);
        }
        set(&mut out, self.no_deps.0, "--no-deps");
        set(&mut out, self.no_cache_dir.0, "--no-cache-dir");
        set(&mut out, self.pre_releases.0, "--pre");
        set(&mut out, self.break_system_packages.0, "--break-system-packages");
        pair(&mut out, "--cert", &self.cert);
        for (option, list) in
            [("--global-option", &self.global_options), ("--install-option", &self.install_options)]
        {
            for value in list.iter().flat_map(|o| o.split(',')).map(str::trim) {
                out.extend([option.to_owned(), value.to_owned()]);
            }
        }
        Ok(out)
    }

    /// Requirement files on this machine, and those of them that are to be removed afterwards.
    fn requirement_files(&self, ctx: &Ctx<'_>) -> Result<(Vec<String>, Vec<String>), ExecError> {
        let (mut files, mut temporary) = (Vec::new(), Vec::new());
        for item in items(&self.requirements) {
            refuse_option(&item)?;
            let Some(path) = item.strip_prefix("salt://") else {
                files.push(item);
                continue;
            };
            let cached = ctx.files().cache_file(path, &ctx.saltenv())?;
            let cached = cached
                .ok_or_else(|| ExecError::command(format!("pip requirements file '{item}' not found")))?;
            if self.user.is_none() {
                files.push(cached.display().to_string());
                continue;
            }
            // Another user cannot look into the cache.
            let copy = format!("/tmp/rsalt-requirements-{}-{}.txt", std::process::id(), files.len());
            ctx.host.write_atomic(Path::new(&copy), &ctx.host.read(&cached)?, Some(0o644))?;
            temporary.push(copy.clone());
            files.push(copy);
        }
        Ok((files, temporary))
    }
}
