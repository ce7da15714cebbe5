using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Storage.Md;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Inspecting;

/// <summary>
/// The plain shell lines that open each layer by hand, so that a person learns and can go on without us. They need root, and
/// every device is attached read-only; where that is not enough, changes go to a file beside it.
/// </summary>
public sealed class HandCommands(IReadOnlyList<Layer> disks)
{
    public IEnumerable<string> Lines(LayerReport top)
    {
        foreach (LayerReport report in top.Walk())
        {
            if (report.Layer.Kind == LayerKind.VolumeGroup || (report.Layer.HasContent && report.Layer.Table is not null) || report.Format == "LVM2_member" || report.Member is not null)
                continue;
            // An array is worth assembling whatever is in it, and even where it is refused here.
            string? format = report.Format ?? (report.Layer.Array is { } array ? array.Level : null);
            if (format is null)
                continue;
            List<string> use = report.Format is null ? ["jumpbag inspect {}"] : [.. Use(report, format)];
            if (use.Count == 0)
                continue;
            yield return $"# {report.Layer.Locator}: {format}{(report.Label is { } label ? $" \"{ByteString.FromText(label)}\"" : "")}, {ByteSize.Format(report.Layer.Size)}";
            var undo = new Stack<string>();
            var attach = new List<string>();
            string device = Attach(report.Layer, attach, undo);
            foreach (string line in attach)
                yield return line;
            foreach (string line in use)
                yield return line.Replace("{}", device, StringComparison.Ordinal);
            foreach (string line in undo)
                yield return line;
            yield return "";
        }
    }

    private static IEnumerable<string> Use(LayerReport report, string format)
    {
        if (!FileSystemFormats.CanRead(format))
        {
            if (ByHand.HandCommand(format) is not { } command)
                yield break;
            yield return command;
            if (ByHand.UndoCommand(format) is { } undo)
                yield return undo;
            yield break;
        }
        bool replay = report.State?.Contains("dirty", StringComparison.Ordinal) == true;
        yield return "e2fsck -fn {}    # checks, changes nothing" + (replay ? "; the journal is not replayed, so it also finds what that would mend" : "");
        if (replay)
            yield return "# Its journal is dirty and the device read-only: without noload the mount is refused, and with it what stands only in the journal"
                + " is missing: files may be old, or not there. 'jumpbag cp' and a mount of a writable copy show them.";
        yield return $"mount -o ro{(replay ? ",noload" : "")} {{}} /mnt";
        yield return "ls -l /mnt";
        yield return "umount /mnt";
    }

    /// <summary>How a layer becomes a device: the lines to do it, to undo it, and what the device is then called.</summary>
    private string Attach(Layer layer, List<string> lines, Stack<string> undo)
    {
        switch (layer.Kind)
        {
            case LayerKind.Disk:
                return Loop(layer, null, ShellWord.Quote(layer.Locator), lines, undo);
            case LayerKind.LogicalVolume:
                return AttachVolume(layer, lines, undo);
            case LayerKind.Array:
                return AttachArray(layer, lines, undo);
            default:
                Layer parent = layer.Parent!;
                string below = parent.Kind == LayerKind.Disk ? ShellWord.Quote(parent.Locator) : Attach(parent, lines, undo);
                return Loop(layer, (layer.Partition?.Offset ?? parent.Size - layer.Size, layer.Size), below, lines, undo);
        }
    }

    private string AttachArray(Layer layer, List<string> lines, Stack<string> undo)
    {
        var members = new List<string>();
        foreach (Layer holder in Holders(layer.Scope))
            if (layer.Array!.Members.Any(member => member.State is MdMemberState.Active or MdMemberState.Rebuilding or MdMemberState.Journal && ReferenceEquals(member.Device, holder.Device)))
                members.Add(Attach(holder, lines, undo));
        string device = layer.Array!.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? $"/dev/md/{layer.Array.Name}" : "/dev/md/rescue";
        lines.Add($"mdadm --assemble --readonly --run {device} {string.Join(' ', members)}");
        undo.Push($"mdadm --stop {device}");
        return device;
    }

    /// <summary>What a scope's volume groups and arrays may lie on: its disks, their partitions, and arrays in turn.</summary>
    private IEnumerable<Layer> Holders(Layer scope)
    {
        IEnumerable<Layer> around = scope.Kind == LayerKind.Disk ? disks : [scope];
        return around.Concat(scope.Children.Where(child => child.Kind == LayerKind.Array)).SelectMany(disk => disk.Partitions.Prepend(disk)).Where(holder => holder.HasContent);
    }

    private string AttachVolume(Layer volume, List<string> lines, Stack<string> undo)
    {
        bool isThin = IsThin(volume.Volume!, volume.Group!);
        var members = new List<string>();
        foreach (Layer holder in Holders(volume.Scope))
            if (holder.Signature is { Format: "LVM2_member" } signature && volume.Group!.PhysicalVolumes.Any(pv => pv.Uuid == signature.Uuid))
            {
                string device = Attach(holder, lines, undo);
                members.Add(isThin ? Writable(device, lines, undo) : device);
            }
        string name = volume.Group!.Name;
        // LVM must see these devices only: the same volume may be seen on the disk itself too, or another group have the name.
        string devices = $"--devices {string.Join(',', members)}";
        string full = volume.Volume!.FullName;
        // -y: a snapshot is activated with its origin, which LVM asks about; -K: thin snapshots are not activated otherwise.
        lines.Add(isThin ? $"lvchange -y -ay -K {devices} {full}"
            : $"lvchange -y -ay -K {devices} --config 'activation {{ read_only_volume_list = [ \"{name}\" ] }}' {full}");
        undo.Push($"vgchange -an {devices} {name}");
        return $"/dev/{full}";
    }

    /// <summary>Whether a thin pool must be active for the volume: no kernel activates one on devices that cannot be written to.</summary>
    private static bool IsThin(LogicalVolume volume, VolumeGroup group) =>
        volume.Pool is not null || (volume.Origin is { } origin && group.FindLogicalVolume(origin)?.Pool is not null);

    /// <summary>Puts a snapshot of the kernel's over a device, which takes the changes in its place.</summary>
    private static string Writable(string device, List<string> lines, Stack<string> undo)
    {
        int number = undo.Count + 1;
        lines.Add($"COW{number}=$(mktemp); truncate -s 1G $COW{number}    # takes what is written; {device} stays as it is");
        undo.Push($"rm $COW{number}");
        lines.Add($"LOOP{number + 1}=$(losetup --find --show $COW{number})");
        undo.Push($"losetup --detach $LOOP{number + 1}");
        lines.Add($"dmsetup create jumpbag{number} --table \"0 $(blockdev --getsz {device}) snapshot {device} $LOOP{number + 1} N 8\"");
        undo.Push($"dmsetup remove jumpbag{number}");
        return $"/dev/mapper/jumpbag{number}";
    }

    private static string Loop(Layer layer, (long Offset, long Length)? range, string file, List<string> lines, Stack<string> undo)
    {
        string variable = "LOOP" + (undo.Count + 1);
        string part = range is var (offset, length) ? $" --offset {offset} --sizelimit {length}" : "";
        lines.Add($"{variable}=$(losetup --find --show --read-only{part} {file})    # {layer.Locator}");
        undo.Push($"losetup --detach ${variable}");
        return "$" + variable;
    }
}
