using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Mounting;

/// <summary>
/// Tells of each damaged place once, by its path in the mount: the kernel asks for the same again, first for much at once and
/// then page by page, and so does whoever reads.
/// </summary>
public sealed class DamageTold(EventSink events, string folder)
{
    private const int MostKept = 100_000;

    private readonly Dictionary<(ulong Node, ByteString Path), List<Damage>> told = [];
    private int kept;

    public void Add(ulong node, ByteString? path, Damage damage)
    {
        lock (told)
        {
            if (!told.TryGetValue((node, path ?? default), out List<Damage>? before))
                told.Add((node, path ?? default), before = []);
            if (kept >= MostKept || before.Any(one => one.Offset <= damage.Offset && damage.Offset + damage.Length <= one.Offset + one.Length))
                return;
            before.Add(damage);
            kept++;
        }
        const ulong InodeBits = (1ul << 48) - 1;
        string name = path is { } known ? folder.TrimEnd('/') + known : $"{folder}: inode {(node & InodeBits).ToString(CultureInfo.InvariantCulture)}";
        events(new FileDamaged(name, damage));
    }

    public static Damage Of(Exception failure) => failure is UnreadableException unreadable
        ? new(unreadable.Reason, unreadable.Offset, unreadable.Length) : new(failure.Message);
}
