using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>restic writes into a store, and what comes back through jumpbag is what went in.</summary>
[Collection(nameof(StoreServers))]
public sealed class StoreRestoreTests(StoreServers servers)
{
    /// <summary>The other commands, which don't know what kind of store they read from.</summary>
    private const string All = """
        jumpbag incident open test -q >/dev/null
        jumpbag ls -q "$U:latest:/deep" | wc -l
        id=$(jumpbag restore --repo "$U" --list --json | grep -o '"id": *"[0-9a-f]*' | grep -o '[0-9a-f]\{64\}')
        jumpbag find -q "$U:${id:0:6}:/" -name 99; jumpbag stat -q "$U:$id:/big" --json | grep -o '"size": *3000000'; jumpbag cat -q "$U:latest:/a:b"
        mkdir copy m; jumpbag cp -rq "$U:latest:/deep" copy; diff -r src/deep copy/deep && echo cp
        jumpbag tar -q "$U:latest" | tar x -C copy; cmp copy/big src/big && echo tar
        jumpbag mount -q "$U:latest" m && cmp m/big src/big && echo mount; mount | grep "$PWD/m" | grep -cF Geheim; grep -lsF Geheim /proc/[0-9]*/cmdline >found; xargs -r grep -lsF $PWD/m <found; jumpbag umount -q m
        RESTIC_PASSWORD=wrong jumpbag restore --repo "$U" latest out 2>&1 | grep -c 'fits none of its 1 key'
        jumpbag ls "$U" 2>&1 | grep -c 'which snapshot'
        jumpbag ls "${U%/}.none/:latest" 2>&1 | grep -c 'no repository there'
        grep -rlF 'Geheim' state
        """;

    private const string Untrusted = "SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/none jumpbag ls \"$U:latest:/\" 2>&1 | grep -c '^jumpbag: rest:https.*certificate'";

    [Theory]
    [InlineData("rest")]
    [InlineData("rest-tls")]
    [InlineData("sftp")]
    [InlineData("s3")]
    [InlineData("swift")]
    public void what_restic_backed_up_there_is_read_and_restored(string kind)
    {
        Require.Tool("restic");
        StoreServer server = servers[kind];
        using var folder = new TemporaryFolder();
        string variables = string.Concat(server.Variables.Select(variable => $"export {variable.Key}={Shell.Quote(variable.Value)}\n"));
        ShellResult result = JumpbagProgram.Bash(folder.Path, $$"""
            export RESTIC_PASSWORD=pw LC_ALL=C.UTF-8 XDG_CACHE_HOME="$PWD/cache" JUMPBAG_STATE="$PWD/state"
            {{variables}}{{(server.Ssh == "ssh" ? "" : $"PATH={Path.GetDirectoryName(server.Ssh)}:$PATH")}}
            U={{Shell.Quote(server.Address("restic", server.Port))}} R={{Shell.Quote(server.ResticAddress("restic"))}}
            W={{Shell.Quote((server.WrittenBy ?? server.ResticAddress)("restic"))}}
            mkdir -p src/deep; head -c 3000000 /dev/urandom >src/big; for i in $(seq 120); do echo "file $i" >"src/deep/$i"; done; ln -s big src/link; truncate -s 5M src/zeros
            touch -d '2001-02-03 04:05:06.789' src/deep/7; chmod 600 src/big; echo x >'src/a:b'
            manifest() { ( cd "$1" && find . -mindepth 1 -printf '%P %y %m %l %n\n' -o -type f -printf '%s %T@\n' | sort; find . -type f -exec sha256sum {} + | sort ); }
            restic -q -r "$W" init && ( cd src && restic -q -r "$W" backup . ) || echo restic failed
            # In both ways of writing it.
            for url in "$U" "$R"; do
              jumpbag restore --repo "$url" latest out -q; echo $?; diff <(manifest src) <(manifest out) && echo same; rm -rf out
            done
            jumpbag cat -q "$U:latest:/deep/7"; jumpbag restore --repo "$U" --list | wc -l
            {{(kind switch { "rest" => All, "rest-tls" => Untrusted, _ => "" })}}
            """);
        Assert.DoesNotContain(server.Secret, result.Output + result.Errors, StringComparison.Ordinal);
        string more = kind switch { "rest" => "120\nrest:.*/deep/99\n\"size\": *3000000\nx\ncp\ntar\nmount\n0\n1\n1\n1\n", "rest-tls" => "1\n", _ => "" };
        Assert.True(result.Errors.Length == 0 && Regex.IsMatch(result.Output, $"^0\nsame\n0\nsame\nfile 7\n2\n{more}$"), result.Output + "--- errors:\n" + result.Errors);
    }
}
