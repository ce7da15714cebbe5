namespace Jumpbag.Storage.Signatures;

internal static class Ext
{
    public static Signature? Probe(ProbeWindow window)
    {
        if (ExtSuperblock.Parse(window.At(ExtSuperblock.Offset, ExtSuperblock.Length)) is not { } superblock)
            return null;
        return superblock.Format == "jbd"
            ? Signature.Other("jbd", superblock.Label, superblock.Uuid, superblock.Size,
                ("VERSION", superblock.Version), ("LOGUUID", superblock.Uuid))
            : Signature.FileSystem(superblock.Format, superblock.Label, superblock.Uuid, superblock.Size,
                ("VERSION", superblock.Version), ("EXT_JOURNAL", superblock.JournalUuid));
    }
}
