using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>Puts statements of MariaDB and MySQL together from bytes, since names need not be text.</summary>
internal static class Sql
{
    public static byte[] Join(params ReadOnlySpan<object> parts)
    {
        var text = new MemoryStream();
        foreach (object part in parts)
            text.Write(part switch
            {
                string s => Encoding.UTF8.GetBytes(s),
                byte[] b => b,
                ByteString name => QuoteName(name),
                ObjectName { Qualifier: { } qualifier, Name: var name } => [.. QuoteName(qualifier), (byte)'.', .. QuoteName(name)],
                ObjectName { Name: var name } => QuoteName(name),
                _ => throw new ArgumentException($"{part.GetType()} is no part of a statement"),
            });
        return text.ToArray();
    }

    public static byte[] QuoteName(ByteString name)
    {
        var quoted = new List<byte>(name.Length + 2) { (byte)'`' };
        foreach (byte b in name.Span)
        {
            quoted.Add(b);
            if (b == '`')
                quoted.Add(b);
        }
        quoted.Add((byte)'`');
        return [.. quoted];
    }

    /// <summary>A literal that means these bytes in every SQL mode.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? "''" : "x'" + Convert.ToHexString(bytes) + "'";

    /// <summary>"x'…'" compared as a name: names are UTF-8 within the server, whatever the connection speaks.</summary>
    public static string NameLiteral(ByteString name) => $"CONVERT({Hex(name.Span)} USING utf8mb4)";
}
