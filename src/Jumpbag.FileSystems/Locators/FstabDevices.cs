using System.Globalization;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>Finds what the first field of an fstab line names: by UUID, label, partition, volume, or a kernel's device name.</summary>
public static class FstabDevices
{
    /// <summary>The kernel's names of disks, with what stands between the disk and the number of a partition.</summary>
    private static readonly (string Prefix, string BeforeNumber)[] DiskNames = [("sd", ""), ("vd", ""), ("xvd", ""), ("hd", ""), ("nvme", "p"), ("mmcblk", "p")];

    /// <param name="members">The layers that the operating system sees side by side.</param>
    /// <param name="disks">Its whole disks, in the order in which the kernel would count them.</param>
    public static Layer? Find(string device, IEnumerable<Layer> members, IReadOnlyList<Layer> disks)
    {
        (string kind, string value) = Split(device);
        return kind switch
        {
            "UUID" => members.FirstOrDefault(layer => Same(layer.Signature?.Uuid, value)),
            "LABEL" => members.FirstOrDefault(layer => layer.Signature?.Label == value),
            "PARTUUID" => members.FirstOrDefault(layer => Same(layer.Partition?.Uuid, value)),
            "PARTLABEL" => members.FirstOrDefault(layer => layer.Partition?.Name == value),
            _ => members.FirstOrDefault(layer => IsVolume(layer, value)) ?? ArrayByName(value, members) ?? ByKernelName(value, disks),
        };
    }

    private static (string Kind, string Value) Split(string device)
    {
        int equals = device.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && !device.StartsWith('/'))
            return (device[..equals].ToUpperInvariant(), device[(equals + 1)..].Trim('"'));
        foreach ((string folder, string kind) in new[] { ("uuid", "UUID"), ("label", "LABEL"), ("partuuid", "PARTUUID"), ("partlabel", "PARTLABEL") })
            if (device.StartsWith($"/dev/disk/by-{folder}/", StringComparison.Ordinal))
                return (kind, device[(device.LastIndexOf('/') + 1)..]);
        return ("", device);
    }

    private static bool IsVolume(Layer layer, string device)
    {
        if (layer.Volume is null)
            return false;
        string group = layer.Group!.Name, volume = layer.Volume.Name;
        return device == $"/dev/{group}/{volume}" || device == $"/dev/mapper/{Mapped(group)}-{Mapped(volume)}";
    }

    /// <summary>
    /// "/dev/md/data", "/dev/md0", "/dev/md127p1": the kernel counts arrays down from 127 where they have no number of their own, so
    /// that such a number tells nothing but which partition it is.
    /// </summary>
    private static Layer? ArrayByName(string device, IEnumerable<Layer> members)
    {
        if (!device.StartsWith("/dev/md", StringComparison.Ordinal))
            return null;
        string name = device[7..].TrimStart('/', '_', 'd');
        List<Layer> arrays = [.. members.Where(layer => layer.Kind == LayerKind.Array)];
        foreach (Layer array in arrays)
        {
            if (array.Array!.Name == name || (arrays.Count == 1 && name.All(char.IsAsciiDigit)))
                return array;
            foreach (Layer partition in array.Partitions)
            {
                string number = partition.Partition!.Number.ToString(CultureInfo.InvariantCulture);
                string whole = name.EndsWith("p" + number, StringComparison.Ordinal) ? name[..^(number.Length + 1)] : "";
                if (whole.Length > 0 && (whole == array.Array.Name || (arrays.Count == 1 && whole.All(char.IsAsciiDigit))))
                    return partition;
            }
        }
        return null;
    }

    /// <summary>Device-mapper joins a group and a volume with a dash, and doubles the dashes in their names.</summary>
    private static string Mapped(string name) => name.Replace("-", "--", StringComparison.Ordinal);

    private static Layer? ByKernelName(string device, IReadOnlyList<Layer> disks)
    {
        if (!device.StartsWith("/dev/", StringComparison.Ordinal))
            return null;
        string name = device[5..];
        foreach ((string prefix, string beforeNumber) in DiskNames)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            string rest = name[prefix.Length..];
            int index;
            if (beforeNumber.Length == 0)
            {
                if (rest.Length == 0 || !char.IsAsciiLetterLower(rest[0]))
                    continue;
                index = rest[0] - 'a';
                rest = rest[1..];
            }
            else
            {
                int end = rest.LastIndexOf(beforeNumber, StringComparison.Ordinal);
                string controller = end < 0 ? rest : rest[..end];
                if (!int.TryParse(controller.Split('n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out index))
                    continue;
                rest = end < 0 ? "" : rest[(end + 1)..];
            }
            // A rescued disk is mostly alone, whatever letter it had when the machine was whole.
            Layer? disk = disks.Count == 1 ? disks[0] : disks.ElementAtOrDefault(index);
            return rest.Length == 0 ? disk
                : disk?.Partitions.FirstOrDefault(partition => partition.Partition?.Number.ToString(CultureInfo.InvariantCulture) == rest);
        }
        return null;
    }

    private static bool Same(string? found, string wanted) => string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase);
}
