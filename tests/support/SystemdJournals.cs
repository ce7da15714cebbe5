using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Jumpbag.Tests.Support;

/// <summary>Files of systemd's journal, written by systemd-journal-remote.</summary>
public static partial class SystemdJournals
{
    private const string Writer = "/lib/systemd/systemd-journal-remote";
    private const int HeaderFlags = 12, ObjectHeader = 16, LongEnough = 512;

    /// <summary>Bits of the header, and of an object.</summary>
    private static readonly Dictionary<string, (uint File, byte Object)> Flags = new() { ["xz"] = (1, 1), ["lz4"] = (2, 2) };

    /// <summary>A message of the kernel or of a program; the last ones are of now, half a minute apart.</summary>
    /// <param name="compact">With offsets of 4 bytes, and hashes that have a key.</param>
    /// <param name="compression">Of long messages: "none", "zstd", or what older systemds wrote: "xz" and "lz4".</param>
    public static void Write(string file, int messages, bool compact, string compression, int seed = 1)
    {
        Xunit.Assert.SkipUnless(File.Exists(Writer), "needs systemd-journal-remote");
        File.WriteAllText(file + ".export", Export(messages, new Random(seed)));
        var start = new ProcessStartInfo(Writer, [$"--compress={(compression == "zstd" ? "yes" : "no")}", "-o", file, file + ".export"]) { RedirectStandardError = true };
        start.Environment["SYSTEMD_JOURNAL_COMPACT"] = start.Environment["SYSTEMD_JOURNAL_KEYED_HASH"] = compact ? "1" : "0";
        using Process process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.Delete(file + ".export");
        if (process.ExitCode != 0)
            throw new InvalidOperationException(said);
        if (Flags.ContainsKey(compression))
            Compress(file, compact, compression);
    }

    private static string Export(int messages, Random random)
    {
        var text = new StringBuilder();
        long now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
        for (int i = 0; i < messages; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"__REALTIME_TIMESTAMP={now - (messages - i) * 30_000_000L}\n__MONOTONIC_TIMESTAMP={i * 1000}\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_MACHINE_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=web7\n");
            text.Append(CultureInfo.InvariantCulture, $"PRIORITY={"6646273563657665"[random.Next(16)]}\n");
            text.Append(random.Next(4) switch
            {
                0 => "_TRANSPORT=kernel\nSYSLOG_IDENTIFIER=kernel\n",
                1 => "_TRANSPORT=stdout\n_COMM=backup.sh\n",
                _ => $"_TRANSPORT=syslog\nSYSLOG_IDENTIFIER={(random.Next(2) == 0 ? "sshd" : "mariadbd")}\n_COMM=other\n",
            });
            text.Append("MESSAGE=").Append(random.Next(4) switch
            {
                0 => $"EXT4-fs error (device sda1): ext4_lookup: inode #{i}: comm ls: deleted inode",
                1 => string.Concat(Enumerable.Range(0, 200).Select(n => $"{n * random.Next(3)} of query {i}; ")),
                2 => $"caf\u00e9 {i}",
                _ => $"all is well {i}",
            }).Append("\n\n");
        }
        return text.ToString();
    }

    /// <summary>As an older systemd would have: the long messages of a plain file are packed where they are, so each becomes shorter and nothing moves.</summary>
    private static void Compress(string file, bool compact, string compression)
    {
        byte[] journal = File.ReadAllBytes(file);
        int payload = compact ? 72 : 64;
        for (long at = BinaryPrimitives.ReadInt64LittleEndian(journal.AsSpan(88)); at + ObjectHeader < journal.Length;)
        {
            Span<byte> item = journal.AsSpan((int)at);
            long size = BinaryPrimitives.ReadInt64LittleEndian(item[8..]);
            if (size == 0)
                break;
            if (item[0] == 1 && size >= payload + LongEnough)
            {
                byte[] packed = compression == "xz" ? Xz(item[payload..(int)size].ToArray()) : Lz4(item[payload..(int)size].ToArray());
                item[payload..(int)size].Clear();
                packed.CopyTo(item[payload..]);
                item[1] = Flags[compression].Object;
                BinaryPrimitives.WriteInt64LittleEndian(item[8..], payload + packed.Length);
            }
            at += (size + 7) / 8 * 8;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(journal.AsSpan(HeaderFlags), BinaryPrimitives.ReadUInt32LittleEndian(journal.AsSpan(HeaderFlags)) | Flags[compression].File);
        File.WriteAllBytes(file, journal);
    }

    private static byte[] Xz(byte[] plain)
    {
        using Process process = Process.Start(new ProcessStartInfo("xz", ["--check=none", "-0", "-c"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.BaseStream.Write(plain);
        process.StandardInput.Close();
        using var packed = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(packed);
        return packed.ToArray();
    }

    private static byte[] Lz4(byte[] plain)
    {
        var packed = new byte[plain.Length + 100];
        int length = CompressLz4(plain, packed, plain.Length, packed.Length);
        return [.. BitConverter.GetBytes((ulong)plain.Length), .. packed[..length]];
    }

    /// <summary>The library that systemd itself loads.</summary>
    [LibraryImport("liblz4.so.1", EntryPoint = "LZ4_compress_default")]
    private static partial int CompressLz4(byte[] source, byte[] target, int sourceLength, int targetLength);
}
