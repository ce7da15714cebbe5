namespace Jumpbag.Tests.Support;

/// <summary>A folder that is gone when the test is over.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>In memory where the machine has a tmpfs for it: disk images are sparse there too and nothing waits for a disk.</summary>
    public TemporaryFolder()
    {
        string parent = Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > 2L << 30 ? "/dev/shm" : System.IO.Path.GetTempPath();
        Path = System.IO.Path.Combine(parent, $"jumpbag-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>.NET cannot delete a name that is not UTF-8.</summary>
    public void Dispose() => Shell.Run("rm", "-rf", "--", Path);
}
