namespace Jumpbag.Host.Fuse;

/// <summary>What the kernel asks for, by its number in linux/fuse.h. Only those that are answered otherwise than "not implemented".</summary>
internal enum FuseOpcode : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    SetAttributes = 4,
    ReadLink = 5,
    Read = 15,
    Write = 16,
    StatFs = 17,
    FSync = 20,
    GetXattr = 22,
    ListXattr = 23,
    Init = 26,
    Interrupt = 36,
    Destroy = 38,
    BatchForget = 42,
    Fallocate = 43,
    ReadDirectoryPlus = 44,
    ReadDirectory = 28,
    Seek = 46,
    Statx = 52,
}
