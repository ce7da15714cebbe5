using System.Text;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Restoring;

/// <summary>Repositories that restic wrote: what comes back is what went in, file by file and attribute by attribute.</summary>
public sealed class RestoreTests(RestoreTests.Original original) : IClassFixture<RestoreTests.Original>, IDisposable
{
    private const string Environs = """export RESTIC_PASSWORD='pä ss' LC_ALL=C.UTF-8 XDG_CACHE_HOME="$PWD/cache" """;

    /// <summary>Everything about a tree but the sizes of its folders, which are the filesystem's own.</summary>
    private const string Script = Environs + "\n" + """
        manifest() { ( cd "$1" && find . -mindepth 1 -type d -printf '%P d %m %U %G %T@\0' -o -mindepth 1 -printf '%P %y %m %U %G %s %n %T@ %l\0' | LC_ALL=C sort -z | tr '\0' '\n'
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum; find . \( -type c -o -type b \) -exec stat -c '%n %t:%T' {} + | sort
            find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -hd -m - --absolute-names -- 2>/dev/null; find . -print0 | LC_ALL=C sort -z | xargs -0 getfacl -np -- 2>/dev/null ); }
        same() { diff <(manifest "$1") <(manifest "$2") && echo same; }
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, "--tag old")]
    [InlineData(2, "--compression off")]
    [InlineData(2, "--compression max")]
    [InlineData(2, "--pack-size 4")]
    public void what_comes_back_is_what_went_in(int version, string options)
    {
        original.Give(folder);
        ShellResult result = Run($"""
            rm -r repo; ( cd src; restic -q -r ../repo init --repository-version {version}; restic -q -r ../repo backup {options} . )
            jumpbag restore -q --repo repo latest out; echo $?
            same src out
            restic -q -r repo restore latest --target theirs
            # restic sets modes after ACLs, and so changes them.
            diff <(manifest theirs | grep -av ::) <(manifest out | grep -av ::) && echo same
            restic -r repo ls latest --json | tail -n +2 | wc -l >theirs.count; jumpbag find -q repo:latest:/ | tail -n +2 | wc -l | diff - theirs.count && echo all
            jumpbag restore -q --repo "file://$PWD/repo" latest:/deep again; echo $?; same src/deep again
            jumpbag restore -q --repo repo latest:/zeros one; cmp one src/zeros && [ $(stat -c %b one) -lt 100 ] && echo sparse
            """);
        Assert.Equal("0\nsame\nsame\nall\n0\nsame\nsparse\n", result.Output + result.Errors);
    }

    [Fact]
    public void all_that_reads_disks_reads_snapshots()
    {
        original.Give(folder);
        ShellResult result = Run("""
            printf 'pä ss\n' >key; unset RESTIC_PASSWORD
            jumpbag cat -q --password-file key repo:latest:/big | cmp - src/big && echo cat
            jumpbag ls -q --password-file key repo:latest:/deep | diff - <(ls src/deep) && echo ls
            mkdir tar copy m; jumpbag tar -q --password-file key repo:latest | tar x --warning=no-timestamp --xattrs --acls --numeric-owner -pC tar; same src tar
            export RESTIC_PASSWORD_FILE=$PWD/key
            jumpbag cp -rq repo:latest copy; same src copy
            jumpbag mount -q repo:latest m && same src m; jumpbag umount -q m
            unset RESTIC_PASSWORD_FILE; export RESTIC_PASSWORD_COMMAND='cat key'
            jumpbag stat -q repo:latest:/big --json | grep -c '"size":'
            """);
        Assert.Equal("cat\nls\nsame\nsame\nsame\n1\n", result.Output + result.Errors);
    }

    [Fact]
    public void what_the_repository_has_lost_is_named_and_all_else_comes_back()
    {
        original.Give(folder);
        ShellResult result = Run("""
            # A bit in each pack of data flips; the tree is left whole.
            trees=$(restic -r repo list blobs -q | awk '$1 == "tree"' | wc -l); [ $trees -gt 2 ] || echo no trees
            cp -a repo damaged
            big=$(find damaged/data -type f -size +1M | head -1)
            printf '\xff' | dd of=$big bs=1 seek=$(($(stat -c %s $big) / 3)) conv=notrunc status=none
            jumpbag restore --repo damaged latest out >/dev/null 2>said; echo $?
            grep -c '^damaged: ' said; grep -q '^hint: ' said; awk 'NR > 1 {print $2}' out/.jumpbag-damaged | sort >named
            sums() { ( cd $1; find . -type f -exec sha256sum {} + | sort ); }
            diff <(sums src) <(sums out) | sed -n 's/^< [0-9a-f]*  .\///p' | sort | diff - named && echo named
            # Without an index everything is still there.
            cp -a repo lost; rm lost/index/*
            jumpbag restore --repo lost latest whole 2>said; echo $?; same src whole; grep -c 'the index lacks' said
            # Half an index is told, and does without.
            cp -a repo half; for f in half/index/*; do truncate -s 100 $f; done
            jumpbag restore --repo half latest half.out 2>said; echo $?; same src half.out; grep -c "cannot be used: its bytes don't fit its name" said
            # A pack that is gone.
            cp -a repo gone; rm $(find gone/data -type f -size +1M | head -1)
            jumpbag restore --repo gone latest gone.out 2>said; echo $?; grep -c 'is missing' said
            # A snapshot that is altered is told, and the others can be had.
            cp -a repo two; ( cd src; restic -q -r ../two backup . ); printf x >>$(ls -t two/snapshots/* | head -1)
            jumpbag restore --list --repo two 2>said | wc -l; grep -c 'cannot be read' said
            """);
        Assert.Matches("^3\n[1-9][0-9]*\nnamed\n0\nsame\n1\n0\nsame\n[1-9]\n3\n[1-9][0-9]*\n2\n1\n$", result.Output + result.Errors);
    }

    [Fact]
    public void a_lost_tree_leaves_its_folder_out_and_says_so()
    {
        original.Give(folder);
        ShellResult result = Run("""
            # The packs of trees are the ones that hold no data.
            restic -r repo list packs -q >packs
            python3 - <<'E'
            import os, subprocess, json
            for index in os.listdir('repo/index'):
                packs = json.loads(subprocess.run(['restic', '-q', '-r', 'repo', 'cat', 'index', index], capture_output=True, check=True).stdout)['packs']
                top = json.loads(subprocess.run(['restic', '-q', '-r', 'repo', 'cat', 'snapshot', os.listdir('repo/snapshots')[0]], capture_output=True, check=True).stdout)['tree']
                for pack in packs:
                    for blob in pack['blobs']:
                        if blob['type'] == 'tree' and blob['id'] != top:
                            with open(f"repo/data/{pack['id'][:2]}/{pack['id']}", 'r+b') as f:
                                f.seek(blob['offset'] + 20); b = f.read(1); f.seek(-1, 1); f.write(bytes([b[0] ^ 1]))
            E
            jumpbag restore --repo repo latest out 2>said; echo $?
            cmp src/big out/big && echo big; grep -c 'damaged: .*/deep.*was altered' said; ls out/deep | wc -l
            """);
        Assert.Equal("3\nbig\n1\n0\n", result.Output + result.Errors);
    }

    [Fact]
    public void what_cannot_be_is_said()
    {
        original.Give(folder);
        Assert.Equal("", Run("echo other >wrong; mkdir full; echo x >full/file").Errors);
        Says("restore --repo nowhere latest out", 1, "nowhere: no repository there\nhint: a repository has the file");
        Says("restore --repo src latest out", 1, "src: no repository there\nhint: a repository has the file 'config'");
        Says("restore --repo repo --password-file wrong latest out", 1, "repo: the password fits none of its 1 key\nhint: ");
        Says("restore --repo repo --password-file none latest out", 1, "none: the password cannot be read: ");
        Says("restore --repo repo 00000000 out", 1, "repo: no snapshot 00000000\nhint: the last ones are ");
        Says("restore --repo repo latest:/no/such out", 1, "no such file or directory");
        Says("restore --repo repo latest out --include '*.nope'", 1, "--include \\*\\.nope: nothing in repo:[0-9a-f]{8}:/ fits\nhint: a pattern is compared with the whole path");
        Says("restore --repo repo latest full", 4, "full: is not empty\nhint: ");
        Says("restore --repo repo latest:/big full/file", 4, "full/file: exists already\nhint: ");
        Says("restore --repo repo latest", 2, "what is to be restored, and where to\\?\nhint: ");
        if (!File.Exists("/etc/jumpbag.toml"))
            Says("restore latest out", 1, "there is no configuration\nhint: .*without one: --repo URL");
        Says("restore --repo b2:bucket:/srv latest out", 4, "repositories behind 'b2:' cannot be reached directly\nhint: rclone can");
        Says("restore --repo https://user:geheim@host/ latest out", 2, "https://user:\\*\\*\\*@host/: what kind of address is that\\?\nhint: of a rest-server write rest:https");
        Says("ls repo", 2, "is a repository; which snapshot\\?\nhint: write repo:latest");
        Says("ls file:///nowhere:latest", 1, "no repository there");

        void Says(string command, int status, string message)
        {
            ShellResult result = Run($"unset JUMPBAG_CONFIG XDG_CONFIG_HOME; export HOME=$PWD; jumpbag {command}; echo $?; [ ! -e out ] || echo something is left");
            Assert.Equal($"{status}\n", result.Output);
            Assert.Matches(message, result.Errors);
            Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        }
    }

    /// <summary>The oracle is restic, which gets the same patterns. One that fits nothing is warned of where another fits.</summary>
    [Fact]
    public void includes_and_excludes_mean_what_they_mean_to_restic()
    {
        Require.Tool("restic");
        ShellResult result = Run("""
            mkdir -p t/a/b/c t/x/tmp 't/we[ird]'; for f in a/1.txt a/b/2.log a/b/c/3.txt x/tmp/4 'we[ird]/6' x/.hid a/B.TXT; do echo $f >"t/$f"; done
            restic -q -r few init; restic -q -r few backup t
            for pattern in '*.txt' /t/a a/b '**/c' 'a/**/3.txt' '[a-b]' 'we\[ird\]' '/t/x/*' /; do
              for option in include exclude; do
                restic -q -r few restore latest --target theirs --$option "$pattern" >/dev/null 2>&1; jumpbag restore -q --repo few latest ours --$option "$pattern"
                mkdir -p theirs ours; (cd theirs; find . | sort) >l1; (cd ours; find . | sort) >l2; cmp l1 l2 || echo "$option $pattern"; md5sum <l2 >>lists; rm -rf theirs ours
              done
            done
            sort -u lists | wc -l
            jumpbag restore -q --repo few latest ours --include '*.nope' --include .hid 2>said; echo $?; find ours -type f; head -1 said
            """);
        Assert.Equal(("""
            15
            0
            ours/t/x/.hid
            warning: --include *.nope: nothing in few:ID:/ fits

            """, ""), (System.Text.RegularExpressions.Regex.Replace(result.Output, "few:[0-9a-f]{8}", "few:ID"), result.Errors));
    }

    [Fact]
    public void files_that_are_there_are_treated_as_was_said()
    {
        original.Give(folder);
        ShellResult result = Run("""
            mkdir empty; jumpbag restore -q --repo repo latest empty; same src empty
            cp -a src there; echo changed >there/deep/1; rm there/deep/2; touch -d 2001-01-01 there/deep/1; echo own >there/own
            for how in never if-newer always if-changed; do rm -rf t; cp -a there t; jumpbag restore -q --repo repo latest t --overwrite $how; echo $how $?
                cmp -s src/deep/1 t/deep/1 && echo replaced; cmp src/deep/2 t/deep/2 && cat t/own; done
            jumpbag restore --dry-run -q --repo repo latest dry; echo $?; ls dry 2>&1 | wc -l
            """);
        Assert.Equal("same\nnever 0\nown\nif-newer 0\nreplaced\nown\nalways 0\nreplaced\nown\nif-changed 0\nreplaced\nown\n0\n1\n", result.Output + result.Errors);
    }

    private ShellResult Run(string script) => JumpbagProgram.Bash(folder.Path, Script + "\n" + script);

    /// <summary>A tree and a repository that restic made of it once: src and repo. It is made when the first test asks.</summary>
    public sealed class Original : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Lazy<bool> made;

        public Original() => made = new(() =>
        {
            Make(folder.File("src"));
            Shell.Run("bash", "-c", $"set -e; cd \"$1\"; {Environs}\nrestic -q -r repo init; cd src; restic -q -r ../repo backup .", "bash", folder.Path);
            return true;
        });

        /// <summary>Copies both.</summary>
        public void Give(TemporaryFolder to)
        {
            _ = made.Value;
            Shell.Run("cp", "-a", folder.File("src"), folder.File("repo"), to.Path);
        }

        public void Dispose() => folder.Dispose();

        /// <summary>A tree with everything that a file can be.</summary>
        private static void Make(string top)
        {
            Require.Tool("restic");
            Require.Tool("setfattr");
            Require.Root();
            var random = new Random(5);
            Directory.CreateDirectory(top);
            var content = new byte[6 << 20];
            random.NextBytes(content);
            File.WriteAllBytes($"{top}/big", content);
            Directory.CreateDirectory($"{top}/deep");
            for (int i = 0; i < 150; i++)
            {
                string directory = i % 7 == 0 ? Directory.CreateDirectory($"{top}/deep/d{i}/{i}").FullName : $"{top}/deep";
                // Text that repeats compresses; some have the same content.
                byte[] text = i % 5 == 0 ? content[..random.Next(70_000)] : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"line {i % 9}\n", random.Next(900))));
                File.WriteAllBytes($"{directory}/{i}", text);
                File.SetLastWriteTimeUtc($"{directory}/{i}", DateTime.UnixEpoch.AddTicks(random.NextInt64(-1L << 54, 1L << 54)));
            }
            Shell.Run("bash", "-c", """
                cd "$1"; truncate -s 9M zeros; cp /dev/null empty; ln big again; ln -s ../outside link; mkfifo fifo; mknod null c 1 3; mknod disk b 259 70000
                touch "$(printf 'a\xff\n\t\a"<>&\\\\x41\xe2\x80\xa8')" 'ünïcode' ' '; chmod 4755 empty; chmod 3777 deep; chown -h 12:4294967294 link
                setfattr -n user.x -v 'a b' big; setfattr -n user.empty deep; setfacl -m u:1000:rw,d:g:7:r deep 2>/dev/null; touch -d '1901-12-31 12:00:00.123456789' deep/d0; chmod 0 fifo
                touch -h -d '2038-02-01 00:00:00.5' link
                """, "bash", top);
        }
    }
}
