using Jumpbag.Core;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>Takes what could not be read of a file that is served. It may be called from several threads, and again for the same.</summary>
/// <param name="node">A number that tells files apart.</param>
/// <param name="path">Below the top folder; null where it is not known any more.</param>
public delegate void FileDamageSink(ulong node, ByteString? path, Damage damage);
