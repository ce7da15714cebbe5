using System.Numerics;
using System.Runtime.InteropServices;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A checksum of a file's bytes in which zeros count for nothing, so that holes of any size cost nothing: the positions and
/// values of all 8-byte words that are not zero. Fed in ascending order, in pieces of any size. It needs no library.
/// </summary>
public sealed class ContentHash
{
    private ulong low, high, pendingPosition, pendingWord;

    public void Add(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && (offset & 7) != 0)
        {
            AddByte(offset++, bytes[0]);
            bytes = bytes[1..];
        }
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
            if (words[i] != 0)
                AddWord((ulong)offset / 8 + (ulong)i, words[i]);
        for (int i = words.Length * 8; i < bytes.Length; i++)
            AddByte(offset + i, bytes[i]);
    }

    public override string ToString()
    {
        Flush();
        return $"{high:x16}{low:x16}";
    }

    /// <summary>A part of a word waits for the rest of it.</summary>
    private void AddByte(long offset, byte value)
    {
        ulong position = (ulong)offset / 8;
        if (position != pendingPosition)
            Flush();
        pendingPosition = position;
        pendingWord |= (ulong)value << (int)(offset % 8 * 8);
    }

    private void Flush()
    {
        if (pendingWord != 0)
            AddWord(pendingPosition, pendingWord);
        pendingWord = 0;
    }

    /// <summary>Words are summed, so their order does not matter; the position is mixed into each.</summary>
    private void AddWord(ulong position, ulong word)
    {
        ulong mixed = BitOperations.RotateLeft((word ^ (position * 0x9E37_79B9_7F4A_7C15)) * 0xD6E8_FEB8_6659_FD93, 31) * 0xA076_1D64_78BD_642F;
        low += mixed;
        high += BitOperations.RotateLeft(mixed, 17) * (position | 1);
    }
}
