namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The plain command with which a person gets at a format that Jumpbag does not read, as a template in which {} is the
/// device or file. Nothing here writes to it.
/// </summary>
public static class ByHand
{
    private static readonly Dictionary<string, string> Commands = new()
    {
        // Read-only mounts. Those with a journal say how to leave it alone: replaying would write.
        ["xfs"] = "mount -t xfs -o ro,norecovery {} /mnt",
        ["btrfs"] = "mount -t btrfs -o ro,rescue=nologreplay {} /mnt",
        ["ntfs"] = "ntfs-3g -o ro {} /mnt",
        ["vfat"] = "mount -t vfat -o ro {} /mnt",
        ["exfat"] = "mount -t exfat -o ro {} /mnt",
        ["f2fs"] = "mount -t f2fs -o ro,norecovery {} /mnt",
        ["nilfs2"] = "mount -t nilfs2 -o ro,norecovery {} /mnt",
        ["jfs"] = "mount -t jfs -o ro {} /mnt",
        ["reiserfs"] = "mount -t reiserfs -o ro,nolog {} /mnt",
        ["udf"] = "mount -t udf -o ro {} /mnt",
        ["iso9660"] = "mount -t iso9660 -o ro {} /mnt",
        ["hfs"] = "mount -t hfs -o ro {} /mnt",
        ["hfsplus"] = "mount -t hfsplus -o ro {} /mnt",
        ["apfs"] = "apfs-fuse {} /mnt",
        ["ufs"] = "mount -t ufs -o ro,ufstype=ufs2 {} /mnt",
        ["minix"] = "mount -t minix -o ro {} /mnt",
        ["squashfs"] = "mount -t squashfs -o ro {} /mnt",
        ["cramfs"] = "mount -t cramfs -o ro {} /mnt",
        ["romfs"] = "mount -t romfs -o ro {} /mnt",
        ["erofs"] = "mount -t erofs -o ro {} /mnt",
        ["ocfs2"] = "debugfs.ocfs2 -R 'rdump / /tmp/rescued' {}",
        ["gfs2"] = "mount -t gfs2 -o ro,spectator,lockproto=lock_nolock {} /mnt",
        ["VMFS"] = "vmfs-fuse {} /mnt",
        ["bcachefs"] = "mount -t bcachefs -o ro,norecovery {} /mnt",

        // Layers: each makes a device that is looked at in turn.
        ["crypto_LUKS"] = "cryptsetup open --readonly {} rescue && jumpbag inspect /dev/mapper/rescue",
        ["BitLocker"] = "cryptsetup open --type bitlk --readonly {} rescue && jumpbag inspect /dev/mapper/rescue",
        // Of a member whose array can be put together its content is opened; this is for the others.
        ["linux_raid_member"] = "mdadm --examine {}",
        ["ddf_raid_member"] = "mdadm --examine {}",
        ["isw_raid_member"] = "mdadm --examine {}",
        ["zfs_member"] = "zpool import -d {} -o readonly=on -R /mnt -a",
        ["bcache"] = "bcache-super-show {}",
        ["swap"] = "swaplabel {}",
        ["swsuspend"] = "swaplabel {}",

        // Containers and compressed files.
        ["qcow"] = "qemu-img convert -O raw {} disk.img",
        ["qcow2"] = "qemu-img convert -O raw {} disk.img",
        ["vmdk"] = "qemu-img convert -O raw {} disk.img",
        ["vdi"] = "qemu-img convert -O raw {} disk.img",
        ["vhdx"] = "qemu-img convert -O raw {} disk.img",
        ["vpc"] = "qemu-img convert -O raw {} disk.img",
        ["parallels"] = "qemu-img convert -O raw {} disk.img",
        ["gzip"] = "gzip -dc {} > disk.img",
        ["xz"] = "xz -dc {} > disk.img",
        ["zstd"] = "zstd -dc {} > disk.img",
        ["bzip2"] = "bzip2 -dc {} > disk.img",
        ["lz4"] = "lz4 -dc {} > disk.img",
        ["lzip"] = "lzip -dc {} > disk.img",
    };

    /// <summary>What ends what the command of a format has begun, or null where it leaves nothing behind.</summary>
    public static string? UndoCommand(string format) => format switch
    {
        "crypto_LUKS" or "BitLocker" => "cryptsetup close rescue",
        "zfs_member" => "zpool export -a",
        _ => HandCommand(format)?.EndsWith("/mnt", StringComparison.Ordinal) == true ? "umount /mnt" : null,
    };

    /// <summary>What made an array that no software of Linux alone describes, in words; null for every other format.</summary>
    public static string? FirmwareArray(string format) => format switch
    {
        "isw_raid_member" => "an array of Intel's firmware (IMSM)",
        "ddf_raid_member" => "an array in SNIA's format (DDF)",
        _ => null,
    };

    /// <summary>The template for a format of <see cref="Signature.Format"/>, or null where there is none.</summary>
    public static string? HandCommand(string format) => Commands.GetValueOrDefault(format);
}
