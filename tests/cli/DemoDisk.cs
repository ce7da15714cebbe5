using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>A folder with the demo's disk d.img, and what else the cases of the command line need, made once.</summary>
public sealed class DemoDisk : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public DemoDisk()
    {
        JumpbagProgram.UnpackDemo(Folder);
        Shell.Run("bash", "-c", """
            set -e; cd "$1"; cp --sparse=always d.img 'a@b:c.img'
            truncate -s 40M two.img; printf 'label: dos\n2048,16M\n,16M\n' | sfdisk -q two.img
            mke2fs -q -F -E offset=1048576 two.img 16M; mke2fs -q -F -E offset=17825792 two.img 16M
            truncate -s 1M luks.img; printf 'LUKS\272\276\0\1' | dd of=luks.img conv=notrunc status=none
            """, "bash", Folder);
    }

    public string Folder => folder.Path;

    public ShellResult Bash(string script) => JumpbagProgram.Bash(Folder, script);

    public void Dispose() => folder.Dispose();
}
