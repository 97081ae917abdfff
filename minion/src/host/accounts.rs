//! `/etc/passwd` and `/etc/group`: a static binary has no NSS.

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Main group.
    pub gid: u32,
    /// Full name and more.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// The users for whom it is not the main group.
    pub members: Vec<String>,
}

/// The accounts of a passwd file; lines that are none are left out.
pub fn parse_passwd(text: &str) -> Vec<User> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|n| !n.is_empty() && !n.starts_with(['#', '+', '-']))?;
            let _password = fields.next()?;
            let uid = fields.next()?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            let mut text = || fields.next().unwrap_or_default().to_owned();
            Some(User { name: name.to_owned(), uid, gid, gecos: text(), home: text(), shell: text() })
        })
        .collect()
}

/// The groups of a group file; lines that are none are left out.
pub fn parse_group(text: &str) -> Vec<Group> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|n| !n.is_empty() && !n.starts_with(['#', '+', '-']))?;
            let _password = fields.next()?;
            let gid = fields.next()?.parse().ok()?;
            let members = fields.next().unwrap_or_default().split(',');
            let members = members.map(str::trim).filter(|m| !m.is_empty()).map(str::to_owned).collect();
            Some(Group { name: name.to_owned(), gid, members })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_accounts_and_groups() {
        let users = parse_passwd(
            "root:x:0:0:root:/root:/bin/bash\n# no\n+::::::\nbad:x:y:0\nbob:x:1000:100::/home/bob:\n",
        );
        assert_eq!(users.len(), 2);
        let bob = users.last().unwrap();
        assert_eq!((bob.name.as_str(), bob.uid, bob.gid, bob.home.as_str()), ("bob", 1000, 100, "/home/bob"));
        let groups = parse_group("root:x:0:\nadm:x:4:bob, eve\n\nx\n");
        assert_eq!(groups.len(), 2);
        assert_eq!(groups.last().unwrap().members, ["bob", "eve"]);
    }
}
