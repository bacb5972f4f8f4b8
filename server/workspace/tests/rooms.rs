//! Throwaway checkouts as programs in the real sandbox see them, and what they leave.
#![allow(clippy::disallowed_methods, reason = "tests build their own worlds")]
#![allow(clippy::unwrap_used, reason = "tests say what failed by failing")]
#![allow(clippy::indexing_slicing, reason = "tests say what failed by failing")]
#![allow(clippy::print_stdout, reason = "the names of the tests, as the usual harness prints them")]

#[cfg(target_os = "linux")]
mod world;

#[cfg(target_os = "linux")]
fn main() {
    sandbox::enter_stage_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = |option: &str| arguments.iter().any(|argument| argument == option);
    // What runners ask of the usual harness: the names, of which none is ignored, and then one at a time.
    if asked("--list") {
        let names = linux::TESTS.iter().filter(|_| !asked("--ignored"));
        names.for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut ran = 0;
    for (name, test) in linux::TESTS {
        let wanted = |filter: &String| match asked("--exact") {
            true => filter == name,
            false => name.contains(filter.as_str()),
        };
        if filter.is_none_or(wanted) {
            test();
            ran += 1;
            println!("test {name} ... ok");
        }
    }
    assert!(ran > 0 || filter.is_none() || !asked("--exact"), "no test has that name");
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use model::ChangeKind;
    use sandbox::{Bounds, Confined, End, Ended, Input, Network, Sandbox, Tier};
    use workspace::{
        CHECKOUT_AT, Caches, Checkout, Left, LeftError, ProposedFile, Repository, Room, Start,
        Trees,
    };

    use super::world::{World, path};

    pub const TESTS: &[(&str, fn())] = &[
        (
            "a_program_sees_the_saved_files_and_nothing_else",
            a_program_sees_the_saved_files_and_nothing_else,
        ),
        ("what_a_program_left_is_the_difference", what_a_program_left_is_the_difference),
        ("what_git_ignores_is_no_difference", what_git_ignores_is_no_difference),
        (
            "folders_that_are_removed_and_made_anew_are_compared_file_by_file",
            folders_that_are_removed_and_made_anew_are_compared_file_by_file,
        ),
        ("a_link_out_of_the_tree_is_refused", a_link_out_of_the_tree_is_refused),
        (
            "what_a_program_does_to_git_is_thrown_away_and_said",
            what_a_program_does_to_git_is_thrown_away_and_said,
        ),
        ("base_and_proposal_are_two_rooms", base_and_proposal_are_two_rooms),
        (
            "what_one_room_built_is_there_for_the_next_and_part_of_no_tree",
            what_one_room_built_is_there_for_the_next_and_part_of_no_tree,
        ),
        (
            "installed_dependencies_are_shown_and_never_written",
            installed_dependencies_are_shown_and_never_written,
        ),
        ("the_person_may_edit_meanwhile", the_person_may_edit_meanwhile),
    ];

    fn run(room: &Room, script: &str) -> Ended {
        let confined = Confined {
            argv: ["sh", "-euc", script].map(Into::into).into(),
            cwd: CHECKOUT_AT.into(),
            env: Vec::new(),
            stdin: Input::Bytes(Vec::new()),
            mounts: room.mounts().to_vec(),
            network: Network::None,
            one_output: false,
            bounds: Bounds::default(),
        };
        Sandbox::enforce(Tier::Namespaces).unwrap().run(&confined).unwrap()
    }

    fn says(room: &Room, script: &str) -> String {
        let ended = run(room, script);
        let (out, error) =
            (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.end, End::Exited(0), "{script}: {out}{error}");
        out.into_owned()
    }

    fn trees(world: &World) -> Trees {
        Trees::new(&world.folder.path().join("cache"))
    }

    fn saved(world: &World) -> (Repository, Checkout) {
        let repository = world.library();
        let checkout = repository.checkout(&trees(world), Start::Saved).unwrap();
        (repository, checkout)
    }

    fn left(world: &World, script: &str) -> Result<Left, LeftError> {
        let (repository, checkout) = saved(world);
        let room = checkout.room(&Caches::default()).unwrap();
        says(&room, script);
        room.left(&repository)
    }

    fn shown(left: &Left) -> Vec<String> {
        let one = |file: &workspace::CapturedFile| {
            let old = file.old_path.as_ref().map_or_else(String::new, |old| format!("{old} -> "));
            let text = file.after.as_ref().map_or_else(String::new, |(mode, bytes)| {
                format!(" {mode:?} {:?}", String::from_utf8_lossy(bytes))
            });
            format!("{:?} {old}{}{text}", file.change, file.path)
        };
        left.files.iter().map(one).collect()
    }

    /// Every name below a folder with what it is, for comparing before and after.
    fn everything(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(at) = open.pop() {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                if metadata.is_dir() {
                    open.push(path.clone());
                }
                let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
                let target = fs::read_link(&path).ok();
                let mode = metadata.permissions().mode();
                found.push(format!("{} {mode:o} {target:?} {bytes:?}", path.display()));
            }
        }
        found.sort();
        found
    }

    fn a_program_sees_the_saved_files_and_nothing_else() {
        let world = World::new();
        world.write(".gitignore", "secret\n/out/\n");
        world.write("kept", "1\n");
        world.write("edited", "1\n");
        world.write("gone/deep/a", "1\n");
        world.write("run.sh", "#!/bin/sh\necho ran\n");
        fs::set_permissions(world.root.join("run.sh"), PermissionsExt::from_mode(0o755)).unwrap();
        symlink("kept", world.root.join("link")).unwrap();
        world.commit("one");
        world.write("edited", "2\n");
        world.write("new/b", "1\n");
        world.write("secret", "s3cret\n");
        world.write("out/c", "1\n");
        fs::remove_dir_all(world.root.join("gone")).unwrap();
        let before = everything(&world.root);

        let (_, checkout) = saved(&world);
        let room = checkout.room(&Caches::default()).unwrap();
        let seen = says(
            &room,
            "pwd; find . -path ./.git -prune -o -print | sort; cat edited link new/b; ./run.sh; \
             find .git -type f | sort; git status --short | head -1",
        );
        assert_eq!(
            seen,
            "/workspace\n.\n./.gitignore\n./edited\n./kept\n./link\n./new\n./new/b\n./run.sh\n\
             2\n1\n1\nran\n.git/HEAD\n.git/config\n?? .gitignore\n"
        );
        assert_eq!(everything(&world.root), before);
    }

    fn what_a_program_left_is_the_difference() {
        let world = World::new();
        world.write("a", "one\ntwo\nthree\nfour\n");
        world.write("b/moved", "1\n2\n3\n4\n5\n");
        world.write("b/dropped", "x\n");
        world.write("script", "echo\n");
        world.write("touched", "same\n");
        world.commit("one");
        world.write("b/dropped", "y\n");
        let before = everything(&world.root);
        let left = left(
            &world,
            "echo five >> a; mkdir c; mv b/moved c/; rm -r b; chmod +x script; ln -s a link; \
             touch touched; cp touched other; mv other touched; mkdir -p empty/er; mkfifo pipe; \
             rm a; printf 'one\\ntwo\\n' > a",
        )
        .unwrap();
        assert_eq!(
            shown(&left),
            [
                "Modified a File \"one\\ntwo\\n\"",
                "Deleted b/dropped",
                "Renamed b/moved -> c/moved File \"1\\n2\\n3\\n4\\n5\\n\"",
                "Added link Symlink \"a\"",
                "ModeChanged script Executable \"echo\\n\"",
            ]
        );
        let dropped = &left.files[1].before.as_ref().unwrap().1;
        assert_eq!(&dropped[..], b"y\n", "the saved file, not the commit's");
        assert_eq!(left.left_out.len(), 1, "{:?}", left.left_out);
        assert_eq!(left.left_out[0].path, "pipe");
        assert_eq!(everything(&world.root), before);
    }

    fn what_git_ignores_is_no_difference() {
        let world = World::new();
        world.write(".gitignore", "*.log\n/cache/\n");
        world.write("forced.log", "1\n");
        world.git(&["add", "--force", "."]);
        world.commit("one");
        fs::create_dir_all(world.root.join(".git/info")).unwrap();
        world.write(".git/info/exclude", "mine\n");
        let left = left(
            &world,
            "echo 2 > forced.log; echo 1 > new.log; mkdir cache sub own; echo 1 > cache/x; \
             echo 1 > mine; echo 1 > sub/kept; echo '*' > own/.gitignore; echo 1 > own/x; \
             : > .gitignore",
        )
        .unwrap();
        assert_eq!(
            shown(&left),
            [
                "Modified .gitignore File \"\"",
                "Modified forced.log File \"2\\n\"",
                "Added sub/kept File \"1\\n\"",
            ]
        );
    }

    fn folders_that_are_removed_and_made_anew_are_compared_file_by_file() {
        let world = World::new();
        for file in ["d/same", "d/other", "d/gone", "d/deep/gone", "file", "e/x"] {
            world.write(file, format!("{file}\n"));
        }
        world.commit("one");
        let left = left(
            &world,
            "rm -r d; mkdir d; echo d/same > d/same; echo new > d/other; rm file; mkdir file; \
             echo in > file/in; rm -r e; echo e > e",
        )
        .unwrap();
        let kinds: Vec<_> =
            left.files.iter().map(|file| (file.change, file.path.to_string())).collect();
        let of = |kind, path: &str| (kind, path.to_owned());
        assert_eq!(
            kinds,
            [
                of(ChangeKind::Deleted, "d/deep/gone"),
                of(ChangeKind::Deleted, "d/gone"),
                of(ChangeKind::Modified, "d/other"),
                of(ChangeKind::Added, "e"),
                of(ChangeKind::Deleted, "e/x"),
                of(ChangeKind::Deleted, "file"),
                of(ChangeKind::Added, "file/in"),
            ]
        );
    }

    fn a_link_out_of_the_tree_is_refused() {
        let world = World::new();
        world.write("a", "1\n");
        symlink("/etc/hostname", world.root.join("theirs")).unwrap();
        world.commit("one");
        for script in ["ln -s /etc/passwd x", "mkdir d; ln -s ../../x d/x", "ln -sf ../y a"] {
            let refused = left(&world, script).unwrap_err();
            assert!(matches!(refused, LeftError::LinkOut { .. }), "{script}: {refused}");
        }
        // One that was there already, and one that leads nowhere outside.
        let left = left(&world, "touch -h theirs; mkdir d; ln -s ../a d/x").unwrap();
        assert_eq!(shown(&left), ["Added d/x Symlink \"../a\""]);
    }

    fn what_a_program_does_to_git_is_thrown_away_and_said() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        let before = everything(&world.root);
        let left = left(
            &world,
            "mkdir -p .git/hooks sub/.git; echo evil > .git/hooks/pre-commit; echo x > sub/.git/config; \
             echo 2 > a",
        )
        .unwrap();
        assert_eq!(shown(&left), ["Modified a File \"2\\n\""]);
        let mut names: Vec<_> = left.left_out.iter().map(|out| out.path.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, [".git", "sub/.git"]);
        assert_eq!(everything(&world.root), before);
    }

    fn base_and_proposal_are_two_rooms() {
        let world = World::new();
        world.write("a", "1\n");
        world.write("d/only", "1\n");
        world.write("f", "file\n");
        let commit = world.commit("one");
        let repository = world.library();
        let base = repository.checkout(&trees(&world), Start::Commit(&commit)).unwrap();
        let file = |name: &str, bytes: Option<&str>| ProposedFile {
            path: path(name),
            old_path: None,
            mode: model::FileMode::File,
            bytes: bytes.map(|bytes| bytes.as_bytes().to_vec()),
        };
        let proposal = base
            .with(&[
                file("a", Some("2\n")),
                file("d/only", None),
                file("f", None),
                file("f/in", Some("x\n")),
                file("new", Some("n\n")),
                file("never", None),
            ])
            .unwrap();
        let rooms = [&base, &proposal].map(|checkout| checkout.room(&Caches::default()).unwrap());
        let list = "ls -d * */*; cat a; echo report > report.xml; echo 3 > a";
        assert_eq!(says(&rooms[0], list), "a\nd\nd/only\nf\n1\n");
        assert_eq!(says(&rooms[1], list), "a\nf\nf/in\nnew\n2\n");
        assert_eq!(says(&rooms[1], "cat a"), "3\n", "one room keeps what was done in it");
        for room in &rooms {
            let report = |bytes_max| {
                let is_report = |path: &model::RelPath| path.to_string().ends_with(".xml");
                let written = room.written_where(&is_report, bytes_max).unwrap();
                assert_eq!((written.len(), written[0].path.to_string()), (1, "report.xml".into()));
                written[0].bytes.clone()
            };
            assert_eq!(report(100).unwrap(), b"report\n");
            assert_eq!(report(2), None);
        }
        assert_eq!(rooms[0].written_where(&|path| path.to_string() == "d/only", 9).unwrap(), []);
        assert_eq!(says(&base.room(&Caches::default()).unwrap(), "cat a"), "1\n");
        // A layer over a layer, and back to what it was.
        let back = proposal
            .with(&[file("f/in", None), file("f", Some("file\n")), file("d/only", Some("1\n"))])
            .unwrap();
        let room = back.room(&Caches::default()).unwrap();
        assert_eq!(says(&room, "ls -d * */*; cat f"), "a\nd\nd/only\nf\nnew\nfile\n");
        assert!(room.left(&repository).unwrap().files.is_empty());
        let digest = |checkout: &Checkout| checkout.digest(&repository).unwrap();
        assert_ne!(digest(&base), digest(&proposal));
        let cleared = back.with(&[file("a", Some("1\n")), file("new", None)]).unwrap();
        assert_eq!(digest(&cleared), digest(&base), "by content, not by way");
    }

    fn what_one_room_built_is_there_for_the_next_and_part_of_no_tree() {
        let world = World::new();
        world.write(".gitignore", "out/\n");
        world.write("a", "1\n");
        world.commit("one");
        let (repository, base) = saved(&world);
        let digest = base.digest(&repository).unwrap();
        let build = "mkdir -p out/d; cat a > out/d/a; echo done > out/log";
        let room = base.room(&Caches::default()).unwrap();
        says(&room, build);
        let built = room.kept(&repository).unwrap().unwrap();
        assert_eq!(built.digest(&repository).unwrap(), digest);
        let file = ProposedFile {
            path: path("a"),
            old_path: None,
            mode: model::FileMode::File,
            bytes: Some(b"2\n".to_vec()),
        };
        let proposal = built.with(std::slice::from_ref(&file)).unwrap();
        let cold = base.with(&[file]).unwrap();
        assert_eq!(proposal.digest(&repository).unwrap(), cold.digest(&repository).unwrap());
        assert_eq!(
            repository.tree_digest(Start::Saved, &[]).unwrap(),
            digest,
            "without writing anything"
        );
        let room = proposal.room(&Caches::default()).unwrap();
        // The proposed file is newer than what was built of the one before.
        let seen = says(
            &room,
            "cat out/d/a; test a -nt out/d/a && echo stale; cat a > out/d/a; rm out/log",
        );
        assert_eq!(seen, "1\nstale\n");
        assert!(room.left(&repository).unwrap().files.is_empty());
        let again = room.kept(&repository).unwrap().unwrap().room(&Caches::default()).unwrap();
        assert_eq!(says(&again, "cat out/d/a; ls out; rm -r out"), "2\nd\n");
        assert!(again.left(&repository).unwrap().files.is_empty());
        says(&again, "echo 3 > a");
        assert!(again.kept(&repository).unwrap().is_none(), "that is another tree");
    }

    fn installed_dependencies_are_shown_and_never_written() {
        let world = World::new();
        world.write(".gitignore", "node_modules/\nvenv\n");
        world.write("package.json", "{}\n");
        world.write("packages/one/package.json", "{}\n");
        world.write("packages/two/a", "1\n");
        world.write("docs/node_modules/tracked", "1\n");
        world.git(&["add", "--force", "."]);
        world.commit("one");
        world.write("node_modules/tool/index.js", "tool\n");
        world.write("packages/one/node_modules/x", "x\n");
        symlink("/usr", world.root.join("packages/two/venv")).unwrap();
        let before = everything(&world.root);
        let (repository, checkout) = saved(&world);
        let caches = repository.caches().unwrap();
        assert_eq!(caches.folders(), [path("node_modules"), path("packages/one/node_modules")]);
        let room = checkout.room(&caches).unwrap();
        let seen = says(
            &room,
            "cat node_modules/tool/index.js packages/one/node_modules/x; ls packages/two; \
             echo changed > node_modules/tool/index.js; rm packages/one/node_modules/x; \
             cat node_modules/tool/index.js; echo 2 > package.json",
        );
        assert_eq!(seen, "tool\nx\na\nchanged\n");
        assert_eq!(everything(&world.root), before);
        // They are there for the next room over what this one left, too.
        let (one, two) = (path("packages/one"), path("packages/two"));
        let packages = |folder| room.node_modules(folder).map(|at| at.display().to_string());
        assert_eq!(packages(Some(&one)).unwrap(), "/workspace/packages/one/node_modules");
        assert_eq!(packages(Some(&two)).unwrap(), "/workspace/node_modules");
        assert_eq!(packages(None).unwrap(), "/workspace/node_modules");
        assert_eq!(room.environment(None), None, "a link is not followed");
        let other = checkout.room(&caches).unwrap();
        says(&other, "true");
        let next = other.kept(&repository).unwrap().unwrap().room(&caches).unwrap();
        assert_eq!(
            says(&next, "cat node_modules/tool/index.js packages/one/node_modules/x"),
            "tool\nx\n"
        );
        let installed = caches.digest().unwrap();
        assert_eq!(repository.caches().unwrap().digest().unwrap(), installed);
        world.write("packages/one/node_modules/x", "xx\n");
        assert_ne!(caches.digest().unwrap(), installed);
        world.write("packages/one/node_modules/x", "x\n");
        assert_eq!(
            shown(&room.left(&repository).unwrap()),
            ["Modified package.json File \"2\\n\""]
        );
    }

    fn the_person_may_edit_meanwhile() {
        let world = World::new();
        world.write("a", "1\n");
        world.write("b", "1\n");
        world.commit("one");
        let (repository, checkout) = saved(&world);
        let room = checkout.room(&Caches::default()).unwrap();
        world.write("a", "mine\n");
        world.write("b", "mine\n");
        says(&room, "cat a; echo 2 >> b");
        let left = room.left(&repository).unwrap();
        assert_eq!(shown(&left), ["Modified b File \"1\\n2\\n\""]);
        assert_eq!(&left.files[0].before.as_ref().unwrap().1[..], b"1\n");
    }
}
