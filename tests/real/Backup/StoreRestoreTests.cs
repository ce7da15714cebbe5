using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>restic writes into a store, and what comes back through jumpbag is what went in.</summary>
[Collection(nameof(StoreServers))]
public sealed class StoreRestoreTests(StoreServers servers)
{
    [Theory]
    [InlineData("rest")]
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
            """);
        Assert.DoesNotContain(server.Secret, result.Output + result.Errors, StringComparison.Ordinal);
        Assert.Equal("", result.Errors);
        string expected = "^0\nsame\n0\nsame\nfile 7\n2\n$";
        Assert.True(System.Text.RegularExpressions.Regex.IsMatch(result.Output, expected), result.Output);
    }
}
