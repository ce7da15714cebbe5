using System.Buffers.Binary;
using System.Text;
using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.Texts;

/// <summary>A record of wtmp or btmp (utmp(5)).</summary>
/// <param name="Kind">7 somebody came in, 8 a session ended, 2 the system booted, 1 the run level changed (shutdown).</param>
/// <param name="Host">From where; the kernel's release in records of boots.</param>
public sealed record Utmp(int Kind, string User, string Line, string Host, DateTimeOffset Time)
{
    public const int RunLevel = 1, Boot = 2, CameIn = 7, Ended = 8;

    /// <summary>
    /// struct utmp of glibc with 32-bit times, the same on x86 and arm64: 0 i16 ut_type · 4 i32 ut_pid · 8 ut_line[32] · 40 ut_id[4] · 44 ut_user[32] · 76 ut_host[256] ·
    /// 332 exit, session · 340 i32 seconds, i32 microseconds · 348 address · 20 unused.
    /// </summary>
    public const int Size = 384;

    public static IEnumerable<Utmp> Parse(byte[] file)
    {
        for (int at = file.Length % Size; at + Size <= file.Length; at += Size)
            if (One(file.AsSpan(at, Size)) is { } record)
                yield return record;
    }

    private static Utmp? One(ReadOnlySpan<byte> record)
    {
        short kind = BinaryPrimitives.ReadInt16LittleEndian(record);
        uint seconds = BinaryPrimitives.ReadUInt32LittleEndian(record[340..]);
        return kind is < 1 or > 9 || seconds == 0 ? null
            : new(kind, Text(record.Slice(44, 32)), Text(record.Slice(8, 32)), Text(record.Slice(76, 256)), DateTimeOffset.FromUnixTimeSeconds(seconds));
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return FilesExtensions.Shown(Encoding.UTF8.GetString(end < 0 ? field : field[..end]));
    }
}
