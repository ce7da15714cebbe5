using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>A restore by name whose nearest copy is behind a server in trouble: what comes is exact all the same, from the other copy.</summary>
[Collection(nameof(StoreServers))]
public sealed class TroubledRestoreTests(StoreServers servers)
{
    private const string Script = "set -u; export LC_ALL=C.UTF-8 JUMPBAG_STATE=\"$PWD/state\" JUMPBAG_CONFIG=\"$PWD/jumpbag.toml\"\n";

    [Fact]
    public void whatever_the_nearest_copys_server_answers_the_files_are_exact()
    {
        StoreServer server = servers["rest"];
        using var proxy = new TroublesomeProxy(server.Port, seed: 5);
        using var folder = new TemporaryFolder();
        ShellResult made = JumpbagProgram.Bash(folder.Path, Script + $$"""
            mkdir -p src/deep; head -c 9000000 /dev/urandom >src/big; for i in $(seq 200); do echo "file $i" >"src/deep/$i"; done; echo pw >key
            printf '[sources.files]\npath = ["%s"]\n[copies.near]\nurl = "{{server.Address("tiers", proxy.Port)}}"\npassword-file = "%s"\n[copies.far]\ntier = "offsite"\nurl = "%s"\npassword-file = "%s"\n' "$PWD/src" "$PWD/key" "$PWD/far" "$PWD/key" >jumpbag.toml
            jumpbag backup init -q; jumpbag backup run -q; echo $?
            """);
        Assert.Equal("0\n", made.Output + made.Errors);
        foreach (Trouble trouble in new[] { Trouble.None, Trouble.Garbage, Trouble.Page, Trouble.Redirect, Trouble.Random, Trouble.Silence })
        {
            int before = proxy.Troubled;
            proxy.Trouble = trouble;
            ShellResult result = JumpbagProgram.Bash(folder.Path, Script + """
                rm -rf out; jumpbag restore files:$PWD/src out 2>said; echo $?; diff -r src out && echo same; grep -q 'Geheim' said && echo secret; cat said >&2
                """);
            Assert.True(result.Output == "0\nsame\n", $"{trouble}: {result.Output}{result.Errors}");
            Assert.DoesNotContain(StoreServers.Password, result.Errors, StringComparison.Ordinal);
            if (trouble is not (Trouble.None or Trouble.Random))
                Assert.Matches("(?m)^(warning|jumpbag): .*near", result.Errors);
            Assert.Equal(trouble != Trouble.None, proxy.Troubled > before);
        }
    }
}
