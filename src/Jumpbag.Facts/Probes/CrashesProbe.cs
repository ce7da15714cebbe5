using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Probes;

/// <summary>What crashes leave behind: dumps of kernels and programs, the last words that firmware kept.</summary>
internal static class CrashesProbe
{
    private const int MostShown = 4;

    /// <summary>Folder, what lies there, whether it tells of the kernel.</summary>
    private static readonly (string Folder, string What, bool OfKernel)[] Places =
    [
        ("/sys/fs/pstore", "the kernel's last words, kept by the firmware", true),
        ("/var/lib/systemd/pstore", "the kernel's last words", true),
        ("/var/crash", "crash report", false),
        ("/var/lib/systemd/coredump", "dump of a program", false),
        ("/var/spool/abrt", "crash report", false),
        ("/var/lib/kdump", "kernel dump", true),
    ];

    public static void Run(ProbeContext context)
    {
        foreach ((string folder, string what, bool ofKernel) in Places)
        {
            FileEntry[] found = [.. context.List(folder).Where(IsTrace).OrderByDescending(file => file.Modified)];
            foreach (FileEntry file in found.Take(MostShown))
            {
                bool kernel = ofKernel || file.IsDirectory && folder == "/var/crash";
                bool recent = context.Now - file.Modified < TimeSpan.FromDays(1);
                context.Add(recent ? FactLevel.Warning : FactLevel.Info, "crash", FilesExtensions.Shown(Subject(file)),
                    $"{(kernel && !ofKernel ? "kernel dump" : what)} of {Since.Full(file.Modified)} UTC{(file.IsDirectory ? "" : $", {ByteSize.Format(file.Size)}")}", FilesExtensions.Shown(file.Path), recent ? Next(file, kernel) : null);
            }
            if (found.Length > MostShown)
                context.Info("crashes", folder, $"{found.Length} in all", folder);
        }
    }

    private static bool IsTrace(FileEntry file) => file.Name is not ("kexec_cmd" or "lock" or ".lock" or "last-via-server") && !file.Name.StartsWith('.');

    /// <summary>Of systemd's dumps the program: "core.mariadbd.110.b0…e2.1234.1700000000000000.zst".</summary>
    private static string Subject(FileEntry file) => file.Name.Split('.') is ["core", { Length: > 0 } program, _, ..] ? program : file.Name;

    private static string Next(FileEntry file, bool kernel) => file.Path.StartsWith("/var/lib/systemd/coredump", StringComparison.Ordinal) ? $"coredumpctl info {Subject(file)}" : kernel ? $"its end tells why: dmesg* in {Path.GetDirectoryName(file.Path)}" : $"head {file.Path}";
}
