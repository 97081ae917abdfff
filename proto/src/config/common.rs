//! What master and minion configs have in common.

use std::path::{Path, PathBuf};

use data::Value;

use super::ConfigError;
use super::read::Source;

/// Where the config files are when `-c` does not say: `/etc/rsalt`.
pub fn default_dir() -> &'static Path {
    Path::new("/etc/rsalt")
}

/// Log levels as Salt names them.
pub const LOG_LEVELS: &[&str] =
    &["all", "garbage", "trace", "debug", "profile", "info", "warning", "error", "critical", "quiet"];

/// The keys both sides have.
#[derive(Clone, Debug)]
pub struct Common {
    /// The directory the files were read from.
    pub config_dir: PathBuf,
    /// All other directories are moved under it.
    pub root_dir: PathBuf,
    /// Keys: the own one and, on the master, the minions'.
    pub pki_dir: PathBuf,
    /// What can be made again: file cache, job store, spool.
    pub cachedir: PathBuf,
    /// Unix sockets.
    pub sock_dir: PathBuf,
    /// The log file.
    pub log_file: PathBuf,
    /// What to log on the console: `all garbage trace debug profile info warning error critical quiet`.
    pub log_level: String,
    /// What to log in the file; none: as on the console.
    pub log_level_logfile: Option<String>,
    /// The user to run as; none: who starts it.
    pub user: Option<String>,
    /// Where the process id is written; none: nowhere.
    pub pidfile: Option<PathBuf>,
    /// The hash of the file server and of key fingerprints.
    pub hash_type: String,
    /// The environment that `saltenv` means when a job does not say.
    pub saltenv: Option<String>,
    /// The pillar environment when a job does not say.
    pub pillarenv: Option<String>,
    /// Options of the Jinja environment for templates.
    pub jinja_env: Value,
    /// Options of the Jinja environment for SLS files.
    pub jinja_sls_env: Value,
    /// Jinja in SLS files drops the newline after a block.
    pub jinja_trim_blocks: bool,
    /// Jinja in SLS files drops blanks before a block.
    pub jinja_lstrip_blocks: bool,
    /// How deep macros, includes and imports of a template may nest.
    pub jinja_max_depth: usize,
    /// How many bytes a template may say.
    pub jinja_max_output: usize,
    /// How often the loops of a template may go round, all together.
    pub jinja_max_loop_steps: u64,
    /// The name of the top file.
    pub state_top: String,
    /// How the top files of several environments go together: `merge`, `same` or `merge_all`.
    pub top_file_merging_strategy: String,
    /// The order of environments for top files.
    pub env_order: Vec<String>,
    /// The environment that `same` falls back to.
    pub default_top: String,
    /// Stop at the first state that fails.
    pub failhard: bool,
    /// How state results print: `full terse mixed changes filter`, with `_id` forms.
    pub state_output: String,
    /// Print the states that changed nothing, too.
    pub state_verbose: bool,
    /// How pillar trees merge: `smart recurse aggregate overwrite none`.
    pub pillar_source_merging_strategy: String,
    /// Whether lists in pillar are joined.
    pub pillar_merge_lists: bool,
    /// Whether the pillar holds the master's config under `master`.
    pub pillar_opts: bool,
    /// Files are served through symlinks.
    pub fileserver_followsymlinks: bool,
    /// Paths that match one of these are not served.
    pub file_ignore_regex: Vec<String>,
    /// File names or paths that match one of these are not served.
    pub file_ignore_glob: Vec<String>,
    /// `test: True` makes every state run a dry one.
    pub test: bool,
    /// One line for every problem that is not an error; to be logged once.
    pub warnings: Vec<String>,
    /// All keys as a dict, unknown ones too: `opts` in templates and for `config.get`.
    pub opts: Value,
}

impl Common {
    pub(super) fn read(source: &Source, dir: &Path) -> Result<Self, ConfigError> {
        let root = PathBuf::from(source.text("root_dir")?);
        let root = root.as_path();
        let level = |key| source.word(key, LOG_LEVELS, "a log level");
        Ok(Common {
            config_dir: dir.to_owned(),
            pki_dir: source.path("pki_dir", root)?,
            cachedir: source.path("cachedir", root)?,
            sock_dir: source.path("sock_dir", root)?,
            log_file: source.path("log_file", root)?,
            log_level: level("log_level")?,
            log_level_logfile: match source.text_opt("log_level_logfile")? {
                Some(_) => Some(level("log_level_logfile")?),
                None => None,
            },
            user: source.text_opt("user")?,
            pidfile: source.path_opt("pidfile", root)?,
            hash_type: source.word(
                "hash_type",
                &["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
                "the name of a hash",
            )?,
            saltenv: source.text_opt("saltenv")?,
            pillarenv: source.text_opt("pillarenv")?,
            jinja_env: source.map("jinja_env")?.as_ref().clone().into(),
            jinja_sls_env: source.map("jinja_sls_env")?.as_ref().clone().into(),
            jinja_trim_blocks: source.flag("jinja_trim_blocks")?,
            jinja_lstrip_blocks: source.flag("jinja_lstrip_blocks")?,
            jinja_max_depth: source.int("jinja_max_depth")?,
            jinja_max_output: source.int("jinja_max_output")?,
            jinja_max_loop_steps: source.int("jinja_max_loop_steps")?,
            state_top: source.text("state_top")?,
            top_file_merging_strategy: source.word(
                "top_file_merging_strategy",
                &["merge", "same", "merge_all"],
                "merge, same or merge_all",
            )?,
            env_order: source.texts("env_order")?,
            default_top: source.text("default_top")?,
            failhard: source.flag("failhard")?,
            state_output: source.text("state_output")?,
            state_verbose: source.flag("state_verbose")?,
            pillar_source_merging_strategy: source.word(
                "pillar_source_merging_strategy",
                &["smart", "recurse", "aggregate", "overwrite", "none"],
                "smart, recurse, aggregate, overwrite or none",
            )?,
            pillar_merge_lists: source.flag("pillar_merge_lists")?,
            pillar_opts: source.flag("pillar_opts")?,
            fileserver_followsymlinks: source.flag("fileserver_followsymlinks")?,
            file_ignore_regex: source.texts("file_ignore_regex")?,
            file_ignore_glob: source.texts("file_ignore_glob")?,
            test: source.flag("test")?,
            root_dir: root.to_owned(),
            warnings: Vec::new(),
            opts: Value::None,
        })
    }

    /// Takes what is left of the source: the warning about unknown keys, and `opts`.
    pub(super) fn finish(&mut self, source: Source, salt_keys: &str) {
        let unknown = source.unknown(salt_keys);
        if !unknown.is_empty() {
            self.warnings.push(format!(
                "{}: unknown config keys, without effect unless a module asks for them: {}",
                self.config_dir.display(),
                unknown.join(", ")
            ));
        }
        let mut opts = source.into_opts();
        if let Some(d) = opts.as_dict_mut() {
            let text = |p: &Path| Value::from(p.display().to_string());
            d.insert("config_dir", text(&self.config_dir));
            for (key, path) in [
                ("root_dir", &self.root_dir),
                ("pki_dir", &self.pki_dir),
                ("cachedir", &self.cachedir),
                ("sock_dir", &self.sock_dir),
                ("log_file", &self.log_file),
            ] {
                d.insert(key, text(path));
            }
        }
        self.opts = opts;
    }
}
