using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Storage.Signatures;

/// <summary>Labels and UUIDs as blkid(8) prints them. What is not printable is escaped.</summary>
internal static class Tags
{
    /// <summary>Bytes up to the first NUL without white space at the end; null where nothing is left.</summary>
    public static string? Label(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        field = end < 0 ? field : field[..end];
        while (!field.IsEmpty && field[^1] is (byte)' ' or >= 9 and <= 13)
            field = field[..^1];
        return field.IsEmpty ? null : new ByteString(field).ToString();
    }

    /// <summary>UTF-16 up to the first NUL, as <see cref="Label"/>.</summary>
    public static string? Utf16Label(ReadOnlySpan<byte> field, bool bigEndian = false)
    {
        string text = (bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode).GetString(field[..(field.Length & ~1)]);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        return Label(Encoding.UTF8.GetBytes(end < 0 ? text : text[..end]));
    }

    /// <summary>Sixteen bytes in their order on the disk; null where all are zero: then there is none.</summary>
    public static string? Uuid(ReadOnlySpan<byte> field) =>
        field.ContainsAnyExcept((byte)0) ? new Guid(field[..16], bigEndian: true).ToString() : null;

    /// <summary>A GUID as Microsoft and UEFI store it: the first three groups are little-endian.</summary>
    public static string Guid(ReadOnlySpan<byte> field) => new Guid(field[..16]).ToString();

    /// <summary>The four bytes that a FAT volume's serial number is, as DOS showed it: "1234-ABCD".</summary>
    public static string FatSerial(ReadOnlySpan<byte> field) => $"{field[3]:X2}{field[2]:X2}-{field[1]:X2}{field[0]:X2}";

    /// <summary>LVM's 32 characters in groups of 6-4-4-4-4-4-6.</summary>
    public static string LvmUuid(ReadOnlySpan<byte> field)
    {
        var text = new StringBuilder(38);
        for (int i = 0; i < 32; i++)
        {
            if (i is 6 or 10 or 14 or 18 or 22 or 26)
                text.Append('-');
            text.Append(char.IsAsciiLetterOrDigit((char)field[i]) ? (char)field[i] : '_');
        }
        return text.ToString();
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
