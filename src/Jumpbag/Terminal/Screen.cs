using System.Globalization;
using System.Runtime.InteropServices;

namespace Jumpbag.Terminal;

/// <summary>What stands behind a standard stream: a terminal and how wide it is, or a file or pipe.</summary>
public static partial class Screen
{
    public static bool IsTerminal(int descriptor) => isatty(descriptor) == 1;

    /// <summary>Whether another job has the terminal: what is written then would disturb it, or stop us.</summary>
    public static bool IsInBackground(int descriptor) => tcgetpgrp(descriptor) is > 0 and var group && group != getpgrp();

    /// <summary>Columns of the terminal on standard output or error; COLUMNS goes first; null where there is no terminal.</summary>
    public static int? Width()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int set) && set > 0)
            return set;
        for (int descriptor = 1; descriptor <= 2; descriptor++)
        {
            if (!IsTerminal(descriptor))
                continue;
            var size = new WindowSize();
            if (ioctl(descriptor, 0x5413, ref size) == 0 && size.Columns > 0) // TIOCGWINSZ
                return size.Columns;
            return 80;
        }
        return null;
    }

    /// <summary>Lines of the terminal on standard output; LINES goes first; null where it is no terminal.</summary>
    public static int? Height()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("LINES"), NumberStyles.None, CultureInfo.InvariantCulture, out int set) && set > 0)
            return set;
        if (!IsTerminal(1))
            return null;
        var size = new WindowSize();
        return ioctl(1, 0x5413, ref size) == 0 && size.Rows > 0 ? size.Rows : 24;
    }

    /// <summary>--color auto, always or never; NO_COLOR and a dumb terminal mean no.</summary>
    public static bool UsesColor(string choice, int descriptor) => choice switch
    {
        "always" => true,
        "never" => false,
        _ => IsTerminal(descriptor) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null),
    };

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int isatty(int fd);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int tcgetpgrp(int fd);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int getpgrp();

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ioctl(int fd, nuint request, ref WindowSize size);
}
