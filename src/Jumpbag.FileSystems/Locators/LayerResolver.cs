using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>Follows the layers of a locator, "@2", "@vg/root@1", "@label=data", down from a disk.</summary>
public static class LayerResolver
{
    private const string ArrayPrefix = "md/";

    /// <exception cref="NotFoundException">There is no such layer; the hint lists those that are there.</exception>
    /// <exception cref="UsageException">More than one fits; the hint lists them as locators.</exception>
    public static Layer Resolve(Layer disk, IReadOnlyList<string> steps)
    {
        Layer at = disk;
        for (int i = 0; i < steps.Count; i++)
        {
            string step = steps[i];
            // Same-named groups and arrays are told apart by "name@uuid8", which the grammar takes for two layers.
            if (i + 1 < steps.Count && FindArrayByUuid(at, step, steps[i + 1]) is { } array)
            {
                i++;
                at = array;
                continue;
            }
            if (i + 1 < steps.Count && FindGroupByUuid(at, step, steps[i + 1], out string? volume) is { } group)
            {
                i++;
                at = volume is null ? group : Volume(group, volume);
                continue;
            }
            at = Step(at, step);
        }
        return at;
    }

    private static Layer Step(Layer at, string step)
    {
        if (step.All(char.IsAsciiDigit))
            return PartitionByNumber(at, step);
        int equals = step.IndexOf('=', StringComparison.Ordinal);
        string value = step[(equals + 1)..];
        switch (equals < 0 ? "" : step[..equals].ToLowerInvariant())
        {
            case "offset":
                return at.At(ParseOffset(value));
            case "label":
                return One(at, step, at.Walk().Where(layer => layer.Signature?.Label == value));
            case "uuid":
                return One(at, step, at.Walk().Where(layer => SameUuid(layer.Signature?.Uuid, value)));
            case "partuuid":
                return One(at, step, at.Walk().Where(layer => SameUuid(layer.Partition?.Uuid, value)));
            case "":
                break;
            default:
                throw new UsageException($"@{step}: unknown kind of layer", "write a partition number, VG/LV, label=…, uuid=…, partuuid=… or offset=BYTES");
        }
        if (step.StartsWith(ArrayPrefix, StringComparison.Ordinal))
            return ArrayByName(at, step[ArrayPrefix.Length..]);
        return VolumeByName(at, step);
    }

    private static Layer PartitionByNumber(Layer at, string number)
    {
        // The partitions of a member are those of its array.
        if (at.Table is null && at.ArrayAround is { Partitions.Count: > 0 } array)
            at = array;
        Layer? found = at.Partitions.FirstOrDefault(child => child.Partition!.Number.ToString(CultureInfo.InvariantCulture) == number.TrimStart('0'));
        return found ?? throw new NotFoundException($"{at.Locator} has no partition {number}", Choices(at.Partitions, at));
    }

    /// <summary>By its name, with its host's name too ("host:data"), or the first eight characters or more of its UUID.</summary>
    private static Layer ArrayByName(Layer at, string name)
    {
        List<Layer> arrays = Arrays(at);
        List<Layer> named = [.. arrays.Where(array => array.Array!.Name == name || array.Array.FullName == name)];
        if (named.Count == 0 && Plain(name).Length >= 8)
            named = [.. arrays.Where(array => IsOf(array, name))];
        return named.Count > 0 ? One(at, ArrayPrefix + name, named)
            : throw new NotFoundException($"{at.Locator} has no array {name}", Choices(arrays, at));
    }

    private static Layer? FindArrayByUuid(Layer at, string step, string uuid) =>
        !step.StartsWith(ArrayPrefix, StringComparison.Ordinal) || Plain(uuid).Length < 8 ? null
        : Arrays(at).FirstOrDefault(array => array.Array!.Name == step[ArrayPrefix.Length..] && IsOf(array, uuid));

    private static bool IsOf(Layer array, string uuid) => Plain(array.Array!.Uuid).StartsWith(Plain(uuid), StringComparison.OrdinalIgnoreCase);

    private static string Plain(string uuid) => uuid.Replace("-", "", StringComparison.Ordinal);

    /// <summary>A member's partition stands for the disk around it, as a physical volume's does.</summary>
    private static List<Layer> Arrays(Layer at)
    {
        List<Layer> arrays = [.. at.Children.Where(child => child.Kind == LayerKind.Array)];
        return arrays.Count == 0 && at.ArrayAround is { } around ? [around] : arrays;
    }

    private static Layer VolumeByName(Layer at, string name)
    {
        List<Layer> groups = Groups(at);
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            List<Layer> named = [.. groups.Where(group => group.Group!.Name == name[..slash])];
            if (named.Count == 0)
                throw new NotFoundException($"{at.Locator} has no volume group {name[..slash]}", Choices(groups.SelectMany(group => group.Children), at));
            return Volume(One(at, name[..slash], named), name[(slash + 1)..]);
        }
        List<Layer> volumes = [.. groups.SelectMany(group => group.Children).Where(volume => volume.Volume!.Name == name)];
        if (volumes.Count == 0 && groups.Where(group => group.Group!.Name == name).ToList() is { Count: > 0 } whole)
            return One(at, name, whole);
        if (volumes.Count == 0)
            throw new NotFoundException($"{at.Locator} has no logical volume {name}", Choices(groups.SelectMany(group => group.Children), at));
        return One(at, name, volumes);
    }

    private static Layer Volume(Layer group, string name) =>
        group.Children.FirstOrDefault(volume => volume.Volume!.Name == name)
        ?? throw new NotFoundException($"{group.Locator} has no logical volume {name}", Choices(group.Children, group));

    /// <summary>A physical volume's partition or array stands for the disk around it: that is where its group is put together.</summary>
    private static List<Layer> Groups(Layer at)
    {
        List<Layer> groups = [.. at.Children.Where(child => child.Kind == LayerKind.VolumeGroup)];
        return groups.Count > 0 ? groups
            : at.Kind is LayerKind.Partition or LayerKind.Array && at.Signature?.Format == "LVM2_member" ? Groups(at.Scope)
            : at.Kind == LayerKind.Partition && at.ArrayAround is { } array ? Groups(array)
            : groups;
    }

    private static Layer? FindGroupByUuid(Layer at, string name, string next, out string? volume)
    {
        int slash = next.IndexOf('/', StringComparison.Ordinal);
        string uuid = slash < 0 ? next : next[..slash];
        volume = slash < 0 ? null : next[(slash + 1)..];
        return name.Contains('=', StringComparison.Ordinal) || uuid.Length < 8
            ? null
            : Groups(at).FirstOrDefault(group => group.Group!.Name == name && Layer.ShortUuid(group.Group.Uuid) == Layer.ShortUuid(uuid));
    }

    /// <summary>A snapshot has the label and UUIDs of its origin, which is then the one meant.</summary>
    private static Layer One(Layer at, string step, IEnumerable<Layer> candidates)
    {
        List<Layer> found = [.. candidates];
        if (found.Count > 1 && found.Exists(layer => !layer.IsInSnapshot))
            found.RemoveAll(layer => layer.IsInSnapshot);
        return found.Count switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"nothing in {at.Locator} fits @{step}", Choices(at.Walk().Where(layer => layer.Signature is not null), at)),
            _ => throw new UsageException($"@{step} fits more than one layer of {at.Locator}", Choices(found, at)),
        };
    }

    private static string Choices(IEnumerable<Layer> layers, Layer at)
    {
        List<string> locators = [.. layers.Take(13).Select(layer => layer.Locator)];
        return locators.Count == 0 ? $"'jumpbag inspect {at.Locator}' shows what is there"
            : "there are " + string.Join(", ", locators.Take(12)) + (locators.Count > 12 ? ", …" : "");
    }

    private static bool SameUuid(string? found, string wanted) =>
        found is not null && string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase);

    private static long ParseOffset(string text)
    {
        bool parsed = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long offset)
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
        return parsed ? offset : throw new UsageException($"offset={text} is not a number of bytes", "multiply sectors by the sector size: 512 × 1026048 is offset=525336576");
    }
}
