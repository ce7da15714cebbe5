using System.Security.Cryptography;
using Jumpbag.Storage;
using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>SHA-256 of all that a device holds, as sha256sum(1) would tell it.</summary>
public static class DeviceHash
{
    public static string Of(BlockDevice device)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // An odd size, so that reads begin and end within stripes and segments.
        var buffer = new byte[100_003];
        for (long at = 0; at < device.Length; at += buffer.Length)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, device.Length - at));
            device.Read(at, piece);
            hash.AppendData(piece);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The same through what the device says stands behind its bytes; what is computed is read.</summary>
    public static string OfExtents(BlockDevice device)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long at = 0;
        foreach (Extent extent in device.Extents(0, device.Length))
        {
            Assert.Equal(at, extent.Offset);
            var bytes = new byte[extent.Length];
            if (extent.Kind == ExtentKind.Data)
                extent.Source!.Read(extent.SourceOffset, bytes);
            else if (extent.Kind == ExtentKind.Computed)
                device.Read(at, bytes);
            else
                Assert.Equal(ExtentKind.Hole, extent.Kind);
            hash.AppendData(bytes);
            at += extent.Length;
        }
        Assert.Equal(device.Length, at);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
