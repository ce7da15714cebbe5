using System.Text;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>
/// Volumes as the kernel has them, by device-mapper's own word. LVM's programs are not asked: they take locks, read the labels of all
/// disks (which wakes those that sleep) and may load modules.
/// </summary>
internal static class VolumesProbe
{
    public static void Run(ProbeContext context)
    {
        FileEntry[] devices = [.. context.List("/sys/block").Where(device => device.Name.StartsWith("dm-", StringComparison.Ordinal))];
        // Where device-mapper is not loaded, to open its control device would load it.
        if (devices.Length == 0)
        {
            context.Info("none", "volumes", "device-mapper has no device", "/sys/block");
            return;
        }
        var kept = new StringBuilder();
        foreach (FileEntry device in devices)
        {
            if (context.Files.Line($"{device.Path}/dm/name") is not { } name)
                continue;
            string volume = VolumeName(name, context.Files.Line($"{device.Path}/dm/uuid") ?? "");
            context.At(volume);
            if (context.Files.Number($"{device.Path}/dm/suspended") == 1)
                context.Critical("suspended", volume, "is suspended: all that reads or writes it waits", $"{device.Path}/dm/suspended", $"who suspended it? dmsetup info {name}; dmsetup resume {name}");
            Errno error = DeviceMapperStatus.Of(name, out IReadOnlyList<DeviceMapperTarget> targets);
            if (error is Errno.AccessDenied or Errno.NotPermitted)
            {
                context.Denied("device-mapper answers root only");
                return;
            }
            if (error != Errno.None)
            {
                context.Failed($"{volume}: {error.Describe()}");
                continue;
            }
            foreach (DeviceMapperTarget target in targets)
            {
                kept.Append(name).Append(": ").Append(target.Type).Append(' ').Append(target.Status).Append('\n');
                if (MapperState.Of(target.Type, target.Status, volume) is { Value: { } value } state)
                    context.Add(state.Level, target.Type, volume, value, $"dmsetup status --noflush {name}", state.Next);
            }
        }
        context.Keep("dmsetup status", kept.ToString());
    }

    /// <summary>"vg-lv_name" with the dashes of names doubled, of LVM's devices; others by their own name.</summary>
    internal static string VolumeName(string name, string uuid)
    {
        if (!uuid.StartsWith("LVM-", StringComparison.Ordinal))
            return FilesExtensions.Shown(name);
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] != '-')
                continue;
            if (i + 1 < name.Length && name[i + 1] == '-')
            {
                i++;
                continue;
            }
            // "lv-tpool" is the pool's own device behind the volume's.
            string volume = name[(i + 1)..];
            string layer = volume.EndsWith("-tpool", StringComparison.Ordinal) || volume.EndsWith("-real", StringComparison.Ordinal) || volume.EndsWith("-cow", StringComparison.Ordinal)
                ? volume[..volume.LastIndexOf('-')] : volume;
            return FilesExtensions.Shown($"{name[..i].Replace("--", "-", StringComparison.Ordinal)}/{layer.Replace("--", "-", StringComparison.Ordinal)}");
        }
        return FilesExtensions.Shown(name);
    }
}
