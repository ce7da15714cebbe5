namespace Jumpbag.Tests.Real.Ext;

/// <summary>How to make one filesystem: chosen by its seed from what mke2fs offers, the same each time.</summary>
internal sealed class ExtRecipe
{
    /// <summary>What each generation may be given; mke2fs refuses none of these in any combination that is made here.</summary>
    private static readonly string[] Ext2Features = ["ext_attr", "dir_index", "filetype", "large_file", "resize_inode", "sparse_super", "meta_bg", "sparse_super2", "uninit_bg"];
    private static readonly string[] Ext4Features =
    [
        .. Ext2Features, "64bit", "bigalloc", "dir_nlink", "ea_inode", "extent", "extra_isize", "fast_commit", "flex_bg", "has_journal", "huge_file",
        "inline_data", "large_dir", "metadata_csum", "metadata_csum_seed", "mmp", "orphan_file",
    ];

    /// <summary>Features that a kernel may refuse to write to; tune2fs adds them when the tree is there.</summary>
    private static readonly string[] LaterFeatures = ["casefold", "encrypt", "project", "quota", "stable_inodes", "verity"];

    private readonly Random random;

    private readonly SortedSet<string> features = [];

    public ExtRecipe(int seed, bool beyondPages = false)
    {
        Seed = seed;
        random = new(seed);
        Type = random.Next(6) switch { 0 => "ext2", 1 => "ext3", _ => "ext4" };
        BlockSize = beyondPages ? 8192 << random.Next(4) : 1024 << random.Next(3);
        InodeSize = Math.Min(BlockSize, random.Next(4) switch { 0 => 128, 1 => 512 << random.Next(4), _ => 256 });
        foreach (string feature in Type == "ext4" ? Ext4Features : Ext2Features)
            if (random.Next(Type == "ext4" ? 5 : 2) > 0)
                features.Add(feature);
        if (Type != "ext2")
            features.Add("has_journal");
        Reconcile();
        Size = ((beyondPages ? 600L : 60L) << 20) * random.Next(1, 6);
        foreach (string feature in LaterFeatures)
            if (Type == "ext4" && random.Next(6) == 0)
                Later.Add(feature);
        if (InodeSize == 128)
            _ = Later.Remove("project");
        // tune2fs sleeps out a multiple-mount protection's interval.
        if (Later.Count > 0)
            _ = features.Remove("mmp");
        if (Later.Contains("encrypt"))
            _ = Later.Remove("casefold");
    }

    public int Seed { get; }

    public string Type { get; }

    public int BlockSize { get; }

    public int InodeSize { get; }

    /// <summary>Of the whole filesystem, in bytes.</summary>
    public long Size { get; }

    public IReadOnlySet<string> Features => features;

    public List<string> Later { get; } = [];

    public bool HasJournal => features.Contains("has_journal");

    public string[] Options
    {
        get
        {
            List<string> extended = ["nodiscard", "lazy_itable_init=1", "lazy_journal_init=1", $"hash_seed=5a5a5a5a-0000-4000-8000-{Seed:x12}"];
            if (features.Contains("sparse_super2") && Seed % 3 > 0)
                extended.Add($"num_backup_sb={Seed % 3}");
            List<string> options =
            [
                "-b", $"{BlockSize}", "-I", $"{InodeSize}", "-g", $"{GroupBlocks}", "-N", "4000", "-m", $"{Seed % 7}", "-L", $"recipe {Seed}",
                "-U", $"0badcafe-0000-4000-8000-{Seed:x12}", "-O", "none," + string.Join(',', features), "-E", string.Join(',', extended),
            ];
            if (features.Contains("bigalloc"))
                options.AddRange(["-C", $"{BlockSize << (1 + (Seed % 4))}"]);
            if (features.Contains("flex_bg"))
                options.AddRange(["-G", $"{2 << (Seed % 5)}"]);
            if (HasJournal)
                options.AddRange(["-J", $"size={Math.Max(4, 1100 * BlockSize >> 20)}"]);
            return [.. options];
        }
    }

    public override string ToString() =>
        $"{Seed}: {Type} {Size >> 20} MiB, mke2fs {string.Join(' ', Options)}{(Later.Count > 0 ? $"; tune2fs -O {string.Join(',', Later)}" : "")}";

    /// <summary>Small groups: many of them, and so many descriptors, in a small filesystem. Clusters want large ones.</summary>
    private int GroupBlocks => features.Contains("bigalloc") ? 8 * BlockSize : (8 * BlockSize) >> Math.Min(Seed % 3, BlockSize / 1024 - 1);

    /// <summary>What belongs together, and what excludes each other, by mke2fs(8) and ext4(5).</summary>
    private void Reconcile()
    {
        if (features.Contains("meta_bg"))
            _ = features.Remove("resize_inode");
        if (features.Contains("sparse_super2"))
            features.ExceptWith(["sparse_super", "resize_inode", "meta_bg"]);
        if (!features.Contains("sparse_super"))
            _ = features.Remove("resize_inode");
        if (features.Contains("bigalloc"))
        {
            if (random.Next(3) > 0)
                _ = features.Remove("bigalloc");
            else
                features.UnionWith(["extent", "sparse_super"]);
        }
        if (features.Contains("metadata_csum") && random.Next(2) == 0)
            _ = features.Remove("metadata_csum");
        if (!features.Contains("metadata_csum"))
            _ = features.Remove("metadata_csum_seed");
        else
            _ = features.Remove("uninit_bg");
        if (features.Contains("64bit"))
            _ = features.Add("extent");
        if (InodeSize == 128)
            features.ExceptWith(["extra_isize", "inline_data"]);
        if (!features.Contains("has_journal"))
            features.ExceptWith(["fast_commit", "orphan_file"]);
        if (features.Contains("inline_data"))
            features.UnionWith(["ext_attr", "extra_isize"]);
        if (features.Contains("ea_inode"))
            features.Add("ext_attr");
        features.UnionWith(["large_file"]);
    }
}
