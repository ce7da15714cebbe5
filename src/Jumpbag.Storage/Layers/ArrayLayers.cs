using Jumpbag.Storage.Md;

namespace Jumpbag.Storage.Layers;

/// <summary>Finds the MD arrays of a scope: of its disks and partitions, and of arrays that are members of others.</summary>
internal static class ArrayLayers
{
    /// <summary>Mirrors that are striped are two deep; nobody builds more.</summary>
    private const int MaxDepth = 4;

    /// <param name="scope">Whose children the arrays become.</param>
    /// <param name="holders">What may be a member.</param>
    /// <param name="warnings">Takes what concerns members that cannot be used.</param>
    public static IEnumerable<Layer> Of(Layer scope, IReadOnlyList<Layer> holders, ICollection<string> warnings)
    {
        var found = new List<Layer>();
        for (int depth = 0; depth < MaxDepth && holders.Count > 0; depth++)
        {
            List<MdMember> members = [.. holders.Select(holder => MdMember.TryOpen(holder.Device, holder.Locator, warnings)).OfType<MdMember>()];
            if (members.Count == 0)
                break;
            List<MdArray> arrays = [.. MdArrays.Assemble(members).Where(array => array.Members.Any(member => member.State != MdMemberState.Spare))];
            List<Layer> layers = [.. arrays.Select(array => Layer.OfArray(scope, NameOf(array, [.. found.Select(layer => layer.Array!), .. arrays]), array))];
            found.AddRange(layers);
            holders = [.. layers.Where(layer => layer.HasContent)];
        }
        return found;
    }

    private static string NameOf(MdArray array, IReadOnlyList<MdArray> all) =>
        all.Count(other => other.Name == array.Name) > 1 ? $"{array.Name}@{array.ShortUuid}" : array.Name;
}
