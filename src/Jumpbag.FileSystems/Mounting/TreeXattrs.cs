using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>Extended attributes, POSIX ACLs among them, as listxattr(2) and getxattr(2) want them.</summary>
/// <param name="ShowsTrusted">Whether "trusted." ones are listed: nobody but root could read them.</param>
internal sealed record TreeXattrs(bool ShowsTrusted)
{
    public Errno List(KnownNode file, Span<byte> destination, out int length, Func<KnownNode, Damage, Errno> report)
    {
        length = 0;
        Errno error = Read(file, out IReadOnlyList<ExtendedAttribute> attributes, report);
        if (error != Errno.None)
            return error;
        foreach (ExtendedAttribute attribute in attributes)
        {
            if (!ShowsTrusted && attribute.Name.Span.StartsWith("trusted."u8))
                continue;
            if (attribute.Name.Length + 1 > destination.Length - length)
                return Errno.TooBig;
            attribute.Name.Span.CopyTo(destination[length..]);
            destination[length + attribute.Name.Length] = 0;
            length += attribute.Name.Length + 1;
        }
        return Errno.None;
    }

    public Errno Get(KnownNode file, ReadOnlySpan<byte> name, Span<byte> destination, out int length, Func<KnownNode, Damage, Errno> report)
    {
        length = 0;
        Errno error = Read(file, out IReadOnlyList<ExtendedAttribute> attributes, report);
        if (error != Errno.None)
            return error;
        foreach (ExtendedAttribute attribute in attributes)
            if (attribute.Name.Span.SequenceEqual(name))
            {
                length = attribute.Value.Length;
                if (length > destination.Length)
                    return Errno.TooBig;
                attribute.Value.Span.CopyTo(destination);
                return Errno.None;
            }
        return Errno.NoData;
    }

    private static Errno Read(KnownNode file, out IReadOnlyList<ExtendedAttribute> attributes, Func<KnownNode, Damage, Errno> report)
    {
        DamageSeen damage = DamageSeen.Begin();
        attributes = file.File.FileSystem.ExtendedAttributes(file.File.Node, damage.Sink);
        return damage.First is { } problem ? report(file, problem) : Errno.None;
    }
}
