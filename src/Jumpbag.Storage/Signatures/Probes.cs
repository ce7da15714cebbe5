namespace Jumpbag.Storage.Signatures;

/// <summary>Looks at a device through its window and says what it recognises, or null. It throws nothing.</summary>
internal sealed record Probe(string Format, Func<ProbeWindow, Signature?> Run);

/// <summary>
/// All probes in order of precedence. A new format is a method and a line here. Containers whose content shows through
/// (arrays with their superblock at the end) come first, then encryption, then filesystems in libblkid's order, then what
/// libblkid does not know.
/// </summary>
internal static class Probes
{
    public static readonly Probe[] Table =
    [
        new("linux_raid_member", LinuxRaid.Probe),
        new("ddf_raid_member", FirmwareRaid.ProbeDdf),
        new("isw_raid_member", FirmwareRaid.ProbeIntel),
        new("bcache", Clustered.ProbeBcache),
        new("drbd", Clustered.ProbeDrbd),
        new("LVM2_member", Lvm.Probe),
        new("LVM1_member", Lvm.ProbeVersion1),
        new("DM_snapshot_cow", Lvm.ProbeSnapshot),
        new("DM_verity_hash", Encrypted.ProbeVerity),
        new("DM_integrity", Encrypted.ProbeIntegrity),
        new("crypto_LUKS", Encrypted.ProbeLuks),
        new("VMFS_volume_member", Clustered.ProbeVmfsVolume),
        new("BitLocker", Encrypted.ProbeBitLocker),
        new("zfs_member", Zfs.Probe),

        new("vfat", Fat.Probe),
        new("swsuspend", Swap.ProbeSuspended),
        new("swap", Swap.Probe),
        new("xfs", Xfs.Probe),
        new("xfs_external_log", Xfs.ProbeLog),
        new("ext4", Ext.Probe),
        new("reiserfs", Unix.ProbeReiserFs),
        new("reiser4", Unix.ProbeReiser4),
        new("jfs", Unix.ProbeJfs),
        new("udf", Udf.Probe),
        new("iso9660", Iso9660.Probe),
        new("hfsplus", Apple.ProbeHfsPlus),
        new("hfs", Apple.ProbeHfs),
        new("ufs", Unix.ProbeUfs),
        new("ntfs", Ntfs.Probe),
        new("cramfs", ReadOnlyImages.ProbeCramFs),
        new("romfs", ReadOnlyImages.ProbeRomFs),
        new("minix", Unix.ProbeMinix),
        new("gfs2", Clustered.ProbeGfs2),
        new("ocfs2", Clustered.ProbeOcfs2),
        new("squashfs", ReadOnlyImages.ProbeSquashFs),
        new("btrfs", Btrfs.Probe),
        new("VMFS", Clustered.ProbeVmfs),
        new("nilfs2", Flash.ProbeNilfs2),
        new("exfat", ExFat.Probe),
        new("f2fs", Flash.ProbeF2fs),
        new("apfs", Apple.ProbeApfs),
        new("erofs", ReadOnlyImages.ProbeEroFs),
        new("bcachefs", Clustered.ProbeBcacheFs),

        new("qcow2", DiskImages.ProbeQcow),
        new("vmdk", DiskImages.ProbeVmdk),
        new("vdi", DiskImages.ProbeVdi),
        new("vhdx", DiskImages.ProbeVhdx),
        new("vpc", DiskImages.ProbeVhd),
        new("parallels", DiskImages.ProbeParallels),
        new("gzip", Compressed.Probe),
        new("bsd", OtherTables.Probe),
    ];
}
