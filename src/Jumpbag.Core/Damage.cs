namespace Jumpbag.Core;

/// <summary>
/// What could not be read, or cannot be trusted, within one file or structure: a cause in words, and the byte range of
/// that file (length 0 where the damage has no range, such as a bad checksum of an inode).
/// </summary>
public readonly record struct Damage(string Cause, long Offset = 0, long Length = 0)
{
    public override string ToString() => Length == 0 ? Cause : $"bytes {Offset}-{Offset + Length - 1}: {Cause}";
}

/// <summary>
/// Where a reader puts damage that it works around. Whoever calls knows which path is being read and says so. It may be
/// called from several threads.
/// </summary>
public delegate void DamageSink(Damage damage);
