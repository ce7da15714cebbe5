namespace Jumpbag.Host;

/// <summary>Who this process is to the kernel, and how many files it may hold open.</summary>
public static unsafe class ProcessIdentity
{
    private const int OpenFiles = 7;

    public static uint EffectiveUser => Libc.geteuid();

    public static uint EffectiveGroup => Libc.getegid();

    /// <summary>Whether this process was started with a signal ignored, as nohup(1) and a shell's background jobs do. Asked once, before anyone here changes it.</summary>
    public static bool Ignored(int signal) => ((IgnoredAtStart.Value >> (signal - 1)) & 1) != 0;

    private static readonly Lazy<ulong> IgnoredAtStart = new(() =>
    {
        const string Key = "SigIgn:";
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
        return line is null ? 0 : ulong.Parse(line.AsSpan(Key.Length).Trim(), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
    });

    /// <summary>The permission bits that new files are denied. The kernel tells it only by setting it, so this does both, twice.</summary>
    public static int Umask()
    {
        uint mask = Libc.umask(0x3F);
        _ = Libc.umask(mask);
        return (int)mask;
    }

    /// <summary>Raises the soft limit of open files to the hard one and answers what it is then.</summary>
    public static int RaiseOpenFiles()
    {
        ulong* limits = stackalloc ulong[2];
        if (Libc.getrlimit(OpenFiles, limits) < 0)
            return 256;
        ulong soft = limits[0];
        limits[0] = limits[1];
        if (soft < limits[1] && Libc.setrlimit(OpenFiles, limits) < 0)
            limits[0] = soft;
        return (int)Math.Min(limits[0], 1 << 20);
    }
}
