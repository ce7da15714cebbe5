using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>LVM2's checksum of labels, metadata area headers and metadata text: CRC-32 from a first value of its own.</summary>
public static class LvmChecksum
{
    private const uint InitialCrc = 0xF597_A6CF;

    public static uint Of(ReadOnlySpan<byte> data) => Checksums.Crc32(InitialCrc, data);
}
