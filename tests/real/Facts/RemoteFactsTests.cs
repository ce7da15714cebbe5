using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>Through a real sshd on this machine.</summary>
public sealed class RemoteFactsTests
{
    private const string Server = """
        set -e
        mkdir -p /run/sshd bin
        ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key; cp key.pub authorized
        cat >sshd_config <<END
        Port $1
        ListenAddress 127.0.0.1
        HostKey $PWD/host
        AuthorizedKeysFile $PWD/authorized
        StrictModes no
        UsePAM no
        PidFile $PWD/pid
        PermitRootLogin prohibit-password
        SetEnv $2 JUMPBAG_STATE=$PWD/state
        END
        cat >ssh_config <<END
        Host box
          HostName 127.0.0.1
          Port $1
          IdentityFile $PWD/key
          StrictHostKeyChecking no
          UserKnownHostsFile /dev/null
          LogLevel ERROR
        Host dead
          HostName 127.0.0.1
          Port 1
        END
        printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config "$@"\n' "$PWD" >bin/ssh; chmod +x bin/ssh
        $(command -v sshd || echo /usr/sbin/sshd) -f sshd_config -E log
        for i in $(seq 100); do [ -e pid ] && break; sleep 0.05; done
        export PATH=$PWD/bin:$PATH JUMPBAG_STATE=$PWD/state
        trap 'kill $(cat pid)' EXIT

        """;

    [Fact]
    public void a_machine_that_has_jumpbag_is_asked_through_it_beside_one_that_is_dead()
    {
        Need();
        using var folder = new TemporaryFolder();
        string path = Path.GetDirectoryName(JumpbagProgram.Path)!;
        ShellResult result = Run(folder, $"PATH={path}:/usr/bin:/bin:/usr/sbin", "jumpbag facts --hosts dead,box --json");
        Assert.True(result.Status == 0, result.Output + result.Errors);
        JsonElement[] lines = [.. result.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines, line => Assert.Contains(line.Text("host"), new[] { "box", "dead" }));
        Assert.Contains(lines, line => line.Text("host") == "box" && line.Text("name") == "release");
        JsonElement[] ends = [.. lines.Where(line => line.Text("type") == "probe" && line.Text("probe") == "host")];
        Assert.Equal([("box", "ok"), ("dead", "failed")], ends.Select(line => (line.Text("host"), line.Text("result"))).Order());
        Assert.Contains("Connection refused", ends.Single(line => line.Text("host") == "dead").Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public void to_one_that_has_none_it_is_carried_and_taken_away_again()
    {
        Need();
        bool isNative = !File.Exists(Path.Combine(Path.GetDirectoryName(JumpbagProgram.Path)!, "jumpbag.dll"));
        using var folder = new TemporaryFolder();
        ShellResult result = Run(folder, "PATH=/usr/bin:/bin:/usr/sbin", "ls -d /dev/shm/jumpbag-facts* /tmp/jumpbag-facts* >before 2>/dev/null; jumpbag facts --hosts box; ls -d /dev/shm/jumpbag-facts* /tmp/jumpbag-facts* >after 2>/dev/null; cmp before after");
        Assert.True(result.Status == 0, result.Output + result.Errors);
        if (isNative)
            Assert.Contains("probes in ", result.Output, StringComparison.Ordinal);
        else
            Assert.Contains("not a single file that could be carried", result.Output, StringComparison.Ordinal);
    }

    private static void Need()
    {
        Require.Root();
        Require.Tool("sshd");
        Require.Tool("ssh");
    }

    private static ShellResult Run(TemporaryFolder folder, string environment, string script)
    {
        int port = ServerProcess.FreePort();
        return JumpbagProgram.Bash(folder.Path, $"set -- {port} '{environment}'\n{Server}set +e\n{script}");
    }
}
