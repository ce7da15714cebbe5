using System.Text;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>A tree with everything that a file can be, made once.</summary>
public sealed class SourceFixture : IDisposable
{
    public TemporaryFolder Folder { get; } = new();

    public SourceFixture()
    {
        var random = new Random(7);
        string top = Directory.CreateDirectory(Folder.File("src")).FullName;
        var content = new byte[9 << 20];
        random.NextBytes(content);
        // Cut often, cut late, cut at the shortest.
        content.AsSpan(3 << 20, 2 << 20).Clear();
        File.WriteAllBytes($"{top}/big", content);
        File.WriteAllBytes($"{top}/same", Enumerable.Repeat((byte)'x', 10 << 20).ToArray());
        foreach (int size in new[] { 1, (512 << 10) - 1, 512 << 10, (512 << 10) + 1, 1 << 20, (1 << 20) + 1 })
            File.WriteAllBytes($"{top}/size{size}", content[..size]);
        for (int i = 0; i < 120; i++)
        {
            string directory = i % 7 == 0 ? Directory.CreateDirectory($"{top}/deep/d{i}/{i}").FullName : $"{top}/deep";
            byte[] text = i % 5 == 0 ? content[..random.Next(70_000)] : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"line {i % 9}\n", random.Next(900))));
            File.WriteAllBytes($"{directory}/{i}", text);
            File.SetLastWriteTimeUtc($"{directory}/{i}", DateTime.UnixEpoch.AddTicks(random.NextInt64(-1L << 54, 1L << 56)));
        }
        // The characters of all planes that have any, sixty or so to a name.
        Directory.CreateDirectory($"{top}/names");
        var name = new StringBuilder();
        for (int value = 1, number = 0; value < 0xE0200; value = value == 0x323FF ? 0xE0000 : value + 1)
        {
            if (value is '/' || value is >= 0xD800 and < 0xE000)
                continue;
            name.Append(new Rune(value).ToString());
            if (Encoding.UTF8.GetByteCount(name.ToString()) < 240 && value != 0xE01FF)
                continue;
            File.WriteAllBytes($"{top}/names/{number++}{name}", []);
            name.Clear();
        }
        Shell.Run("bash", "-c", """
            cd "$1"; truncate -s 9M zeros; truncate -s 30M holes; printf x | dd of=holes bs=1 seek=20000000 conv=notrunc status=none; : >empty; ln big again; ln -s ../outside link; ln -s "$(printf 'a\n<&>"\\')" odd; mkfifo fifo
            touch "$(printf 'a\xff\n\t\a"<>&\\\\x41\xe2\x80\xa8\xf0\x9f')" 'ünïcode' ' '; chmod 4755 empty; chmod 3777 deep; mkdir void; chmod 0 fifo
            setfattr -n user.x -v 'a b' big; setfattr -n user.zero -v '' big; setfattr -n user.$(printf '\303\244<') -v 0x00ff void; setfacl -m u:1000:rw,d:g:7:r deep 2>/dev/null; touch -d '1901-12-31 12:00:00.123456789' deep/d0
            touch -h -d '2038-02-01 00:00:00.5' link; touch -d '2105-01-01 00:00:00.100' empty; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
            d=.; for i in $(seq 90); do d=$d/d; done; mkdir -p chain/$d; echo end >chain/$d/end
            cd ..; export RESTIC_PASSWORD='pä ss' XDG_CACHE_HOME="$PWD/cache"; "$2" backup init -q --repo ours.new && restic -q -r theirs.new init --copy-chunker-params --from-repo ours.new --from-password-file <(printf 'pä ss'); cd src
            if [ $(id -u) = 0 ]; then mknod null c 1 3; mknod disk b 259 70000; chown -h 12:4294967294 link; chown 12345:1 ünïcode; setfattr -n trusted.t -v 1 void; setfattr -h -n trusted.link -v 1 odd; fi
            """, "bash", top, JumpbagProgram.Path);
    }

    public void Dispose() => Folder.Dispose();
}

/// <summary>Repositories that Jumpbag writes, with restic as the judge: the same trees as its own, read, checked and restored by it.</summary>
public sealed class WritingTests(SourceFixture source) : IClassFixture<SourceFixture>
{
    private const string Script = """
        export RESTIC_PASSWORD='pä ss' LC_ALL=C.UTF-8 XDG_CACHE_HOME="$PWD/cache"
        fresh() { rm -rf ours theirs; cp -a ours.new ours; cp -a theirs.new theirs; }
        # Each key is derived for a second, so our own tree is taken from what was said.
        ours() { jumpbag backup files -q --json --repo "${R:-.}/ours" "$@" >"${R:-.}/said" || echo status $?; }
        theirs() { restic -q -r "${R:-.}/theirs" backup "$@" || echo status $?; }
        same_tree() { local tree; tree=$(grep -o '"tree":"[0-9a-f]*"' "${R:-.}/said") && restic -q -r "${R:-.}/theirs" --no-lock snapshots --json --latest 1 | grep -q "$tree" && echo same || echo "differs: $*"; }
        both() { rm -rf "${R:-.}"/theirs/snapshots/*; ours "$@"; theirs "$@"; same_tree "$@"; }
        check() { restic -r "$1" check --read-data >checked 2>&1 && echo checked || cat checked; }
        manifest() { ( cd "$1" && find . -mindepth 1 -type d -printf '%P d %m %U %G %T@\0' -o -mindepth 1 ! -type s -printf '%P %y %m %U %G %s %n %T@ %l\0' | LC_ALL=C sort -z | tr '\0' '\n'
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum; find . \( -type c -o -type b \) -exec stat -c '%n %t:%T' {} + | sort
            find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -hd -m - --absolute-names -- 2>/dev/null ); }
        """;

    [Theory]
    [InlineData("UTC")]
    [InlineData("America/New_York")]
    [InlineData("Europe/Berlin")]
    public void the_same_files_give_the_same_tree(string zone)
    {
        ShellResult result = Run($"""
            export TZ={zone}
            fresh; both src
            """);
        Assert.Equal("same\n", result.Output + result.Errors);
    }

    [Fact]
    public void paths_and_patterns_are_taken_as_restic_takes_them()
    {
        // What is named below "elsewhere" is a link at the end, and through a link on the way.
        ShellResult result = Run("""
            mkdir -p t/deep other/src; echo 1 >t/deep/1; echo 2 >other/src/2; ln -sfn src/deep elsewhere
            fresh
            ( cd src; R=..; both . )
            both src/deep src/deep/d0 ./src/empty src/deep
            ( cd other; R=..; both src ../src/deep ../../$(basename "$(dirname "$PWD")")/t )
            both elsewhere elsewhere/d7
            both src --exclude '/*/nothing' --exclude 'd7' --exclude "$PWD/src/deep/1?" --exclude 'src/**/e*' -e '[a-c]ig' --exclude '!src/empty'
            both src/deep -x --exclude 'd*/'
            check ours
            """);
        Assert.Equal("same\nsame\nsame\nsame\nsame\nsame\nchecked\n", result.Output + result.Errors);
    }

    /// <summary>With the folders that lead there. Nobody else may change these meanwhile, so they are below a mount of our own.</summary>
    [Fact]
    public void an_absolute_path_is_taken_as_restic_takes_it()
    {
        Require.Root();
        ShellResult result = Run("""
            fresh; export BIN; export -f ours theirs same_tree both jumpbag
            unshare -m bash -c 'mount --bind src /mnt; both /mnt/deep /usr/bin/env src/empty; both /mnt/deep --exclude "/mnt/deep/1?"'
            """);
        Assert.Equal("same\nsame\n", result.Output + result.Errors);
    }

    [Fact]
    public void what_is_mounted_in_a_folder_can_be_left_out()
    {
        Require.Root();
        ShellResult result = Run("""
            mkdir -p m/inner/x; mount -t tmpfs none m/inner; trap 'umount "$PWD/m/inner"' EXIT; echo 1 >m/inner/1; mkdir m/inner/d; chmod 700 m/inner
            fresh
            both -x m
            both m
            jumpbag find -q ours:latest:/m -type f | wc -l
            """);
        Assert.Equal("same\nsame\n1\n", result.Output + result.Errors);
    }

    [Fact]
    public void restic_restores_what_was_written_and_goes_on_from_it()
    {
        ShellResult result = Run("""
            fresh; jumpbag backup files -q --repo ours --tag night,web --host web1 src
            restic -q -r ours restore latest --target out; diff <(manifest src | grep -av '# file: ./odd$\|trusted.link\|^$') <(manifest out/src | grep -av '^$') | head -20; echo restored
            jumpbag restore -q --repo ours latest:/src back; diff <(manifest src | grep -av '# file: ./odd$\|trusted.link\|^$') <(manifest back | grep -av '^$') && echo back
            restic -r ours snapshots --json | grep -o '"hostname":"web1","username":"[a-z]*"\|"tags":\["night","web"\]'
            # Neither reads again what the other has read.
            restic -r ours backup --host web1 src --json | grep -o '"files_new":[0-9]*,"files_changed":[0-9]*'
            jumpbag backup files --repo ours --host web1 src 2>&1 | grep -o '([0-9,]* unchanged).*new 0B' | sed 's/[0-9,]* unchanged.*new/unchanged, new/'
            echo more >>src/deep/1; jumpbag backup files --json -q --repo ours --host web1 src >said; python3 -c 'import json; s = json.load(open("said")); print(s["files"] - s["unchanged"])'
            jumpbag backup files --json -q --repo ours --host web1 --force src | grep -c '"unchanged":0,'
            # The same without our marks: the tree is that of the first.
            jumpbag cat -q ours:latest:/src/deep/1 | tail -1
            restic -r ours diff $(restic -r ours snapshots --json | grep -o '"short_id":"[0-9a-f]*"' | sed -n '1p;$p' | cut -d'"' -f4) | grep -c '^[M+-]  '
            restic -r ours stats -q --json | grep -c total_size
            restic -r ours prune -q >/dev/null 2>&1; check ours
            """);
        Assert.Matches("^restored\nback\n\"hostname\":\"web1\",\"username\":\"[a-z]*\"\n\"tags\":\\[\"night\",\"web\"\\]\n\"files_new\":0,\"files_changed\":0\n\\(unchanged, new 0B\n1\n1\nmore\n1\n1\nchecked\n$", result.Output + result.Errors);
    }

    [Fact]
    public void what_cannot_be_read_is_told_and_the_rest_is_saved()
    {
        Require.Root();
        ShellResult result = Run("""
            chmod 755 . ..; mkdir -p p/shut; echo 1 >p/open; echo 2 >p/locked; echo 3 >p/shut/in; chmod 0 p/locked p/shut; chmod 755 p
            fresh; chmod -R a+rwX ours
            setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ "$JUMPBAG" backup files --repo ours p 2>said; echo $?
            grep -o 'not saved: .*' said | sed "s|$PWD/||" | sort; grep -c '2 not saved' said
            restic -r ours ls latest -q | grep -v '^snapshot'
            setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ "$JUMPBAG" backup files --repo ours p --exclude p 2>said; echo $?; tail -2 said | sed "s|$PWD/||"
            """.Replace("$JUMPBAG", JumpbagProgram.Path, StringComparison.Ordinal));
        Assert.Equal("3\nnot saved: p/locked: permission denied\nnot saved: p/shut: permission denied\n1\n/p\n/p/open\n1\njumpbag: p: nothing of it could be saved\nhint: what is named must be there and readable, and not left out by --exclude\n", result.Output + result.Errors);
    }

    [Fact]
    public void mistakes_are_said()
    {
        Assert.Equal("", Run("fresh; : >nothing; rm -rf one; restic -q -r one init --repository-version 1").Errors);
        Says("backup files --repo ours", 2, "what is to be saved\\?\nhint: ");
        Says("backup files src", 2, "--repo is missing: where is the repository\\?\nhint: ");
        Says("backup files --repo ours no/such", 1, "no/such: no such file or directory\n$");
        Says("backup files --repo nowhere src", 1, "nowhere: no repository there\nhint: ");
        Says("backup files --repo ours --exclude [ src", 2, "jumpbag: \\[: the pattern has a \\[ without its \\].*\nhint: ");
        Says("backup files --repo one src", 4, "one: is of version 1, which is read but not written\nhint: ");
        Says("backup init --repo ours", 4, "ours: a repository is there already\nhint: ");
        Says("backup init --repo new --password-file nothing", 4, "new: an empty password protects nothing\nhint: ");
        Says("backup init --repo new --password-file none", 1, "none: the password cannot be read: ");

        void Says(string command, int status, string message)
        {
            ShellResult result = Run($"jumpbag {command}; echo $?; [ ! -e new ] || echo something is left; ls ours/snapshots");
            Assert.Equal($"{status}\n", result.Output);
            Assert.Matches(message, result.Errors);
            Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void keys_cannot_be_told_from_those_of_restic()
    {
        ShellResult result = Run("""
            printf 'pä ss\n' >key; unset RESTIC_PASSWORD
            rm -rf a b; jumpbag backup init -q --repo a --password-file key; printf other >key2
            jumpbag backup init --json -q --repo b --password-file key2 --copy-chunker-params a --from-password-file key >said
            restic -r a --password-file key key list -q --json | grep -c '"current":true'
            restic -r a --password-file key cat config -q | grep chunker; restic -r b --password-file key2 cat config -q | grep -o '"chunker_polynomial": "[0-9a-f]*"' | uniq -c | wc -l
            diff <(restic -r a --password-file key cat config -q | grep chunker) <(restic -r b --password-file key2 cat config -q | grep chunker) && echo the same
            stat -c %a a/config a/keys a/keys/*
            """);
        Assert.Matches("^1\n  \"chunker_polynomial\": \"[0-9a-f]{14}\"\n1\nthe same\n400\n700\n400\n$", result.Output + result.Errors);
    }

    private ShellResult Run(string script)
    {
        Require.Tool("restic");
        Require.Tool("setfattr");
        return JumpbagProgram.Bash(source.Folder.Path, Script + "\n" + script);
    }
}
